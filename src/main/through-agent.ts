/** Clusters that single commands reach through the agent that the environment names. */
import { homedir } from 'node:os'
import { AgentUseless, connectAgent, openThroughAgent } from '../cli/agent/agent-client.ts'
import { AGENT_VARIABLE, type Opening } from '../cli/agent/messages.ts'
import type { ClusterClient } from '../cli/cluster-clients.ts'
import type { Chosen } from '../cli/execute.ts'

export type ThroughAgent = {
  /** Undefined when the agent is of no use, which is told once. @throws HsmError as without an agent */
  open(chosen: Chosen): Promise<ClusterClient | undefined>
}

/** @param socket of the agent */
export function throughAgent(
  socket: string,
  version: string,
  env: NodeJS.ProcessEnv,
  tell: (text: string) => void,
): ThroughAgent {
  const clients = new Map<string, ClusterClient>()
  let isUseless = false
  return {
    async open(chosen) {
      if (isUseless) return undefined
      try {
        const wanted = opening(chosen, version, env)
        const agent = await connectAgent(socket, tell)
        const client = await openThroughAgent(agent, wanted).catch((error: unknown) => {
          // A command that goes on without it would wait for it in the end.
          agent.close()
          throw error
        })
        const known = clients.get(client.clusterId) ?? client
        // A command compares the clusters that it is given.
        if (known !== client) agent.close()
        clients.set(client.clusterId, known)
        return known
      } catch (error) {
        if (!(error instanceof AgentUseless)) throw error
        isUseless = true
        tell(`warning: going on without the agent that ${AGENT_VARIABLE} names: ${error.message}\n`)
        return undefined
      }
    },
  }
}

function opening({ config, clusterId, option }: Chosen, version: string, env: NodeJS.ProcessEnv): Opening {
  const prefix = option === '--destination-cluster-id' ? 'DESTINATION_' : ''
  const isNobodyNamed = [`${prefix}CLOUDHSM_ROLE`, `${prefix}CLOUDHSM_PIN`].every(
    (name) => env[name] === undefined,
  )
  const naming = ['STRONGROOM_HOME', 'CLOUDHSM_CLI_CONFIG'].flatMap((name) => {
    const value = env[name]
    return value === undefined ? [] : [[name, value] as const]
  })
  checkReadable(config ?? env['CLOUDHSM_CLI_CONFIG'])
  return {
    version,
    workingDirectory: workingDirectory(),
    homeDirectory: homedir(),
    env: Object.fromEntries(naming),
    config,
    clusterId,
    option,
    ...(isNobodyNamed && { anyone: true }),
  }
}

/** Descriptors are those of this process: the agent would find something else there. */
function checkReadable(config: string | undefined): void {
  if (config && /^\/(dev|proc)\//.test(config))
    throw new AgentUseless('the client configuration is not a regular file')
}

function workingDirectory(): string {
  try {
    return process.cwd()
  } catch {
    throw new AgentUseless('the working directory does not exist')
  }
}
