/** `strongroom env`: what points programs at the HSM, as lines for a shell or as a configuration of OpenSSL. */
import { existsSync } from 'node:fs'
import { serverAddress } from '../pkcs11-socket/socket-paths.ts'
import { openSslConfiguration } from './openssl-configuration.ts'
import { done, failed, type Outcome } from './outcome.ts'

const P11_KIT = 'p11-kit-client.so'
const NOT_INSTALLED = `${P11_KIT} is not installed: apt-get install p11-kit-modules`
const NO_SOCKET =
  'This HSM serves no PKCS#11 programs. For a socket start it with: strongroom start --pkcs11 default'

/** Where the packages of the common systems put PKCS#11 modules. */
const MODULE_DIRECTORIES = [
  '/usr/lib/x86_64-linux-gnu/pkcs11',
  '/usr/lib/aarch64-linux-gnu/pkcs11',
  '/usr/lib64/pkcs11',
  '/usr/lib/pkcs11',
  '/usr/local/lib/pkcs11',
  '/opt/homebrew/lib/pkcs11',
]

const p11KitModule = (): string | undefined =>
  MODULE_DIRECTORIES.map((directory) => `${directory}/${P11_KIT}`).find(existsSync)

/**
 * Lines for a shell.
 *
 * @param socket path of the socket that the HSM, or its agent, serves; undefined when it serves none
 * @param module path of the PKCS#11 module; left out, p11-kit's
 */
export function env(socket: string | undefined, module = p11KitModule()): Outcome {
  if (socket === undefined) return failed(NO_SOCKET)
  return done(
    [
      assignment('P11_KIT_SERVER_ADDRESS', serverAddress(socket)),
      module === undefined ? `# ${NOT_INSTALLED}` : assignment('STRONGROOM_PKCS11_MODULE', module),
    ].join('\n'),
  )
}

/** POSIX shell. */
const assignment = (name: string, value: string): string =>
  `export ${name}='${value.replaceAll("'", "'\\''")}'`

/**
 * A configuration of OpenSSL.
 *
 * @param pinFile path of a file with the PIN; left out, it is in the URIs of the keys
 * @param module path of the PKCS#11 module; left out, p11-kit's
 */
export const openSslEnv = (pinFile: string | undefined, module = p11KitModule()): Outcome =>
  module === undefined ? failed(NOT_INSTALLED) : done(openSslConfiguration(module, pinFile))
