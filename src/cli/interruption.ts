/** Ctrl-C while a command runs: stops waiting for it, and says what is not known of its outcome. */
import { HsmError } from '../contract/errors.ts'
import type { OperationName, Reply, Request } from '../contract/operations.ts'
import type { ClusterClient } from './cluster-clients.ts'

export type Interruption = {
  /** The same cluster. Calls under way fail when the command is interrupted, and none follows. */
  watched(client: ClusterClient): ClusterClient
  /** Rejects when the command was interrupted and has not ended by itself in a moment. */
  readonly givenUp: Promise<never>
}

/** For a command to say what it knows: how many of many keys are done, for example. */
const LAST_WORDS_MS = 200

/** What changes nothing: without an answer there is nothing that may have been done. */
export const READS: ReadonlySet<OperationName> = new Set([
  'audit.heads',
  'audit.list',
  'audit.show-policy',
  'backup.next',
  'certificate.list',
  'cluster.hsm-info',
  'cluster.show-material',
  'cluster.status',
  'crypto.random',
  'crypto.verify',
  'key.describe',
  'key.export-public',
  'key.export-reference',
  'key.list',
  'policy.show',
  'replica.challenge',
  'user.list',
])

/** @param signal aborted by Ctrl-C */
export function interruptionBy(signal: AbortSignal): Interruption {
  let changing = false
  const { promise: over, reject: end } = Promise.withResolvers<never>()
  const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>()
  for (const promise of [over, givenUp]) promise.catch(() => undefined) // nobody may be waiting
  const onAbort = () => {
    end(undefined)
    setTimeout(() => giveUp(interrupted(changing)), LAST_WORDS_MS)
  }
  if (signal.aborted) onAbort()
  else signal.addEventListener('abort', onAbort, { once: true })

  async function unlessOver<T>(mayChange: boolean, ask: () => Promise<T>): Promise<T> {
    if (signal.aborted) throw interrupted(false)
    changing ||= mayChange
    try {
      return await Promise.race([ask(), over])
    } catch (error) {
      throw signal.aborted ? interrupted(mayChange) : error
    }
  }

  /** Commands compare the clusters that they are given. */
  const known = new Map<ClusterClient, ClusterClient>()
  return {
    watched(client) {
      const seen = known.get(client)
      if (seen) return seen
      const watched: ClusterClient = {
        ...client,
        call: <K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>> =>
          unlessOver(!READS.has(operation), () => client.call(operation, request)),
        login: (who, options) =>
          unlessOver(false, () => client.login(who, { ...options, isGivenUp: () => signal.aborted })),
        logout: () => unlessOver(true, client.logout),
      }
      known.set(client, watched)
      return watched
    },
    givenUp,
  }
}

const interrupted = (mayBeDone: boolean): HsmError =>
  new HsmError(
    'unavailable',
    mayBeDone ? 'Interrupted; the operation may have been carried out or not' : 'Interrupted',
  )
