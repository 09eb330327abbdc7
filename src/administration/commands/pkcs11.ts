/** The commands for PKCS#11 programs. */
import type { Option } from '../../cli/spec.ts'
import { absolute, HOME, KEY_CERTIFICATES_OPTION, wrong } from '../options.ts'
import { task } from './command.ts'

const SOCKET = {
  value: 'PATH',
  help: 'Socket for PKCS#11 programs',
  fallback: 'run/pkcs11.sock in the home',
} as const satisfies Option

const MODULE = {
  value: 'FILE',
  help: 'PKCS#11 module that programs load',
  fallback: 'p11-kit’s',
} as const satisfies Option

export const ENV = task({
  name: 'env',
  about: 'Print the shell lines that point PKCS#11 programs at the HSM, or a configuration of OpenSSL',
  options: {
    home: HOME,
    socket: SOCKET,
    module: MODULE,
    openssl: { help: 'Print an openssl.cnf for pkcs11-provider instead' },
    'pin-file': { value: 'FILE', help: 'File with the PIN, user:password, for --openssl' },
  },
  examples: ['eval "$(strongroom env)"', 'strongroom env --openssl --pin-file pin > openssl.cnf'],
  settle({ home, socket, module, openssl, 'pin-file': pinFile }, { homeOf }) {
    const [at, named, loaded] = [homeOf(home), absolute(socket), absolute(module)]
    if (openssl) {
      if (socket !== undefined)
        throw wrong('--socket', 'is not for --openssl: OpenSSL takes it from P11_KIT_SERVER_ADDRESS')
      const pin = absolute(pinFile)
      return async () => (await import('../env.ts')).openSslEnv(pin, loaded)
    }
    if (pinFile !== undefined) throw wrong('--pin-file', 'is for --openssl')
    return async () => {
      const { servedSocket } = await import('../../home/running.ts')
      return (await import('../env.ts')).env(named ?? servedSocket(at), loaded)
    }
  },
})

/** Which HSM an agent reaches, and how, and what programs see of it. */
const SOURCE = {
  config: { value: 'FILE', help: 'Client configuration', fallback: 'as for cloudhsm-cli' },
  'cluster-id': { value: 'ID', help: 'Which of several clusters in the client configuration' },
  'key-certificates': KEY_CERTIFICATES_OPTION,
} as const

export const PKCS11 = task({
  name: 'pkcs11',
  about: 'Serve PKCS#11 programs on a machine without an HSM',
  options: { home: HOME, ...SOURCE, socket: SOCKET },
  examples: ['strongroom pkcs11 --socket /run/strongroom/pkcs11.sock'],
  settle(
    { home, config, 'cluster-id': clusterId, 'key-certificates': keyCertificates, socket },
    { homeOf, serveAgent },
  ) {
    const [at, named] = [homeOf(home), absolute(socket)]
    const source = { config, clusterId, keyCertificates }
    const options = { ...source, socket: named ?? at.pkcs11, named: named !== undefined }
    return () => serveAgent(options)
  },
})

/** Started by start, with the home, and by pkcs11, with what that was started with. */
export const PKCS11_KEEP = task({
  name: 'pkcs11-keep',
  about: 'Keep the connections of PKCS#11 programs',
  hidden: true,
  options: { home: HOME, ...SOURCE },
  settle({ home, config, 'cluster-id': clusterId, 'key-certificates': keyCertificates }, needs) {
    const whose = home === undefined ? { config, clusterId, keyCertificates } : { home: needs.homeOf(home) }
    return () => needs.keepPrograms(whose)
  },
})
