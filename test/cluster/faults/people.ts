/** People at terminals of their own: they log in again whenever they must, and never give up. */
import { setTimeout } from 'node:timers/promises'
import { connect } from '../../../src/client/connect.ts'
import type { ServerAddress } from '../../../src/client/failures.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { OperationName, Reply, Request } from '../../../src/contract/operations.ts'
import { createWorld, type Person as Name, PASSWORD } from '../../support/world.ts'
import type { NodeCluster } from './nodes.ts'

export type Person = {
  call<K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>>
  close(): void
}

/** Activates the cluster and makes its users. */
export async function settle({ nodes, ca }: NodeCluster): Promise<void> {
  const hsm = connect({ servers: [nodes[0].address], trust: { ca: ca() } })
  await createWorld(hsm).finally(hsm.close)
}

/** @param servers where the person goes, the best first */
export function createPerson(username: Name, servers: readonly ServerAddress[], ca: string): Person {
  const hsm = connect({ servers, trust: { ca } })
  const role = username === 'admin' ? 'admin' : 'crypto-user'
  let token: Promise<string> | undefined

  async function login(): Promise<string> {
    const opened = await hsm.call('session.login', { username, role, password: PASSWORD })
    return opened.token
  }

  return {
    async call(operation, request) {
      token ??= login()
      const mine = token
      try {
        return await hsm.call(operation, request, await mine)
      } catch (error) {
        // The session may be gone with the HSM or with the connection.
        const keeps =
          error instanceof HsmError && !['not-logged-in', 'unavailable', 'not-serving'].includes(error.code)
        if (!keeps && token === mine) token = undefined
        throw error
      }
    },
    close: hsm.close,
  }
}

const AGAIN_MS = 20

/** Asks again and again, as a patient person would. Undefined when it was over before it was done. */
export async function untilDone<T>(act: () => Promise<T>, over: AbortSignal): Promise<T | undefined> {
  while (!over.aborted) {
    try {
      return await act()
    } catch (error) {
      if (!(error instanceof HsmError)) throw error
      await setTimeout(AGAIN_MS)
    }
  }
  return undefined
}
