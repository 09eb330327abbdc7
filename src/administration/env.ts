/** `strongroom env`: the lines for a shell that point PKCS#11 programs at the HSM. */
import { existsSync } from 'node:fs'
import { serverAddress } from '../pkcs11-socket/socket-paths.ts'
import { done, type Outcome } from './outcome.ts'

const MODULE = 'p11-kit-client.so'

/** Where the packages of the common systems put PKCS#11 modules. */
const MODULE_DIRECTORIES = [
  '/usr/lib/x86_64-linux-gnu/pkcs11',
  '/usr/lib/aarch64-linux-gnu/pkcs11',
  '/usr/lib64/pkcs11',
  '/usr/lib/pkcs11',
  '/usr/local/lib/pkcs11',
  '/opt/homebrew/lib/pkcs11',
]

/** @param socket path of the socket that the HSM, or its agent, serves */
export function env(socket: string): Outcome {
  const module = MODULE_DIRECTORIES.map((directory) => `${directory}/${MODULE}`).find(existsSync)
  return done(
    [
      assignment('P11_KIT_SERVER_ADDRESS', serverAddress(socket)),
      module === undefined
        ? `# ${MODULE} is not installed: apt-get install p11-kit-modules`
        : assignment('STRONGROOM_PKCS11_MODULE', module),
    ].join('\n'),
  )
}

/** POSIX shell. */
const assignment = (name: string, value: string): string =>
  `export ${name}='${value.replaceAll("'", "'\\''")}'`
