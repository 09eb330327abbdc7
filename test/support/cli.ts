/** The CLI's shell on an HSM of the test's choosing, one line at a time. */

import { type Clusters, createClusterClients } from '../../src/cli/cluster-clients.ts'
import { type Environment, execute, noTerminal } from '../../src/cli/execute.ts'
import type { Output } from '../../src/cli/render.ts'
import { splitWords } from '../../src/cli/shell/split-line.ts'
import { SHELL_TREE } from '../../src/cli/tree.ts'
import { HsmError } from '../../src/contract/errors.ts'
import type { Hsm } from '../../src/contract/hsm.ts'

export type TestShell = {
  run(line: string): Promise<Output>
  /** Texts of the prompts so far. */
  readonly prompts: readonly string[]
}

/** @param passwords what a person types at the hidden prompts, in order */
export const testShell = (hsm: Hsm, passwords: readonly string[] = []): TestShell =>
  shellOn(oneCluster(hsm), passwords)

/** On several clusters. */
export function shellOn(clusters: Clusters, passwords: readonly string[] = []): TestShell {
  const clients = createClusterClients(clusters, undefined)
  const prompts: string[] = []
  const environment: Environment = {
    root: SHELL_TREE,
    open: async ({ clusterId, option }) => clients.of(clusterId, option),
    explains: true,
    credentials(side, id) {
      throw new HsmError('not-logged-in', side === 'only' ? undefined : `Not logged in to ${id}`)
    },
    async askHidden(prompt) {
      const typed = passwords[prompts.push(prompt) - 1]
      if (typed === undefined) throw noTerminal()
      return typed
    },
  }
  return { run: (line) => execute(splitWords(line).words, environment), prompts }
}

export const oneCluster = (hsm: Hsm): Clusters => ({
  ids: () => ['cluster-test2345abc'],
  connect: async () => ({ hsm, close: () => undefined }),
})
