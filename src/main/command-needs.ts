/** What the commands of strongroom are composed of. Each loads what it needs: only `start` and `demo` load the HSM. */
import { homedir } from 'node:os'
import type { CommandNeeds } from '../administration/commands/command.ts'
import { writeOutput } from '../base/standard-streams.ts'
import { defaultHome } from '../client-config/locate.ts'
import { homeAt } from '../home/home.ts'

/** The script that this process runs. */
const program = (): string => process.argv[1] ?? ''

export const COMMAND_NEEDS: CommandNeeds = {
  homeOf(given) {
    // A variable may be set for one command alone.
    const isUsual = given === undefined && !process.env['STRONGROOM_HOME']
    return homeAt(given ?? defaultHome(process.env, homedir()), isUsual)
  },
  /** As cloudhsm-cli is told for a single command. */
  async credentials() {
    const { credentials } = await import('../cli/credentials.ts')
    return credentials(process.env, '')
  },
  print: writeOutput,
  now: Date.now,
  serve: async (home, options) => (await import('./serve.ts')).serve(home, options, program()),
  detach: async (home, words) => (await import('./detach.ts')).detach(home, words, program()),
  serveAgent: async (options) => (await import('./agent.ts')).agent(options, program()),
  keepPrograms: async (whose) => (await import('./keep.ts')).keep(whose),
  async demo() {
    const [{ demo }, { openHsm }, { clientClusters }] = await Promise.all([
      import('../administration/demo.ts'),
      import('./open-hsm.ts'),
      import('./client-clusters.ts'),
    ])
    return demo({ print: writeOutput, openHsm, clusters: (config) => clientClusters(config, {}) })
  },
}
