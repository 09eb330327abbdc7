/** The commands for PKCS#11 programs. */
import type { Option } from '../../cli/spec.ts'
import { absolute, HOME } from '../options.ts'
import { task } from './command.ts'

const SOCKET = {
  value: 'PATH',
  help: 'Socket for PKCS#11 programs',
  fallback: 'run/pkcs11.sock in the home',
} as const satisfies Option

export const ENV = task({
  name: 'env',
  about: 'Print the shell lines that point PKCS#11 programs at the HSM',
  options: { home: HOME, socket: SOCKET },
  examples: ['eval "$(strongroom env)"'],
  settle({ home, socket }, { homeOf }) {
    const [at, named] = [homeOf(home), absolute(socket)]
    return async () => {
      const { servedSocket } = await import('../../home/running.ts')
      return (await import('../env.ts')).env(named ?? servedSocket(at))
    }
  },
})

/** Which HSM an agent reaches, and how. */
const SOURCE = {
  config: { value: 'FILE', help: 'Client configuration', fallback: 'as for cloudhsm-cli' },
  'cluster-id': { value: 'ID', help: 'Which of several clusters in the client configuration' },
} as const

export const PKCS11 = task({
  name: 'pkcs11',
  about: 'Serve PKCS#11 programs on a machine without an HSM',
  options: { home: HOME, ...SOURCE, socket: SOCKET },
  examples: ['strongroom pkcs11 --socket /run/strongroom/pkcs11.sock'],
  settle({ home, config, 'cluster-id': clusterId, socket }, { homeOf, serveAgent }) {
    const [at, named] = [homeOf(home), absolute(socket)]
    const options = { config, clusterId, socket: named ?? at.pkcs11, named: named !== undefined }
    return () => serveAgent(options)
  },
})

/** Started by start, with the home, and by pkcs11, with what that was started with. */
export const PKCS11_KEEP = task({
  name: 'pkcs11-keep',
  about: 'Keep the connections of PKCS#11 programs',
  hidden: true,
  options: { home: HOME, ...SOURCE },
  settle({ home, config, 'cluster-id': clusterId }, { homeOf, keepPrograms }) {
    const whose = home === undefined ? { config, clusterId } : { home: homeOf(home) }
    return () => keepPrograms(whose)
  },
})
