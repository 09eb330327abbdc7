/** The HSM itself: find out who asks, check the request, let the pipeline carry it out, record the refusal. */
import { andThen, type MaybePromise, orElse, whenOver } from '../base/maybe-promise.ts'
import { wipeAll } from '../contract/bytes.ts'
import { isOperation } from '../contract/check.ts'
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import type { Admission, Admit, Hsm } from '../contract/hsm.ts'
import { LIMITS } from '../contract/limits.ts'
import { OPERATIONS, type OperationName, type Reply, type Request } from '../contract/operations.ts'
import { mayAsk } from '../policy/access.ts'
import { assemble } from './assembly.ts'
import { found } from './founding.ts'
import type { EngineNeeds } from './needs.ts'
import { HANDLERS } from './operations/handlers.ts'
import type { Parts } from './parts.ts'
import { type Attempt, checkedRequest, newAttempt, recordRefusal } from './pipeline/attempt.ts'
import { granted } from './pipeline/granted.ts'
import type { Handler } from './pipeline/pipeline.ts'
import { type Asker, askerOf, userOf, whoAsks } from './pipeline/who.ts'

export type Engine = Required<Hsm> & {
  /** What `call` begins with, for those who have a request yet to read. */
  readonly admit: Admit
  /** Writes the first records of a new cluster; does nothing to a store that has one. */
  found(): Promise<void>
  /** Resolves when every use of a key here that a commit up to `revision` has ended is over. */
  settled(revision: number): Promise<void>
  /** Forgets every session and parsed key, and writes the rest of the audit log. The store is the caller's to close. */
  close(): Promise<void>
}

/** An HSM on a store that has a cluster, or is to have one by `found`. The store is loaded and stays the caller's to close. */
export function createEngine(needs: EngineNeeds): Engine {
  const parts = assemble(needs)
  const caller: Engine['caller'] = (token, source) => {
    const asker = askerOf(parts, token, source)
    return (operation, request) => carryOut(parts, asker, operation, request)
  }
  return {
    admit(token, source) {
      const asker = askerOf(parts, token, source)
      return { admit: (operation) => admission(parts, asker, operation), user: () => userOf(parts, asker) }
    },
    caller,
    // Whatever is refused at once is a rejection, too.
    call: async (operation, request, token, source) => caller(token, source)(operation, request),
    found: () => found(needs),
    settled: parts.barrier.settled,
    async close() {
      parts.sessions.endAll(() => true)
      parts.keyring.close()
      await parts.auditQueue.close()
      await needs.keyUseJournal?.close()
    },
  }
}

function admission(parts: Parts, asker: Asker, operation: string): Admission {
  if (!isOperation(operation)) throw new HsmError('unknown-operation')
  const call = whoAsks(parts, operation, asker)
  const refused = (code: ErrorCode) => void recordRefusal(newAttempt(parts, operation, call), code)
  const may = mayAsk(call.actor, OPERATIONS[operation].access)
  if (!may.allow) refused(may.code)
  granted(may)
  const { session } = call
  return {
    refused,
    user: session?.user,
    revokes: 'revokes' in OPERATIONS[operation],
    requestBytes: session ? LIMITS.bodyBytes : LIMITS.anonymousBodyBytes,
  }
}

/** Synchronous, as far as nothing has to be waited for; then it throws what it refuses. */
function carryOut<K extends OperationName>(
  parts: Parts,
  asker: Asker,
  operation: K,
  request: Request<K>,
): MaybePromise<Reply<K>> {
  if (!isOperation(operation)) throw new HsmError('unknown-operation')
  let attempt: Attempt | undefined
  return orElse(
    () => {
      const handling = newAttempt(parts, operation, whoAsks(parts, operation, asker))
      attempt = handling
      granted(mayAsk(handling.call.actor, handling.row.access))
      return whenOver(
        () => (HANDLERS[operation] as Handler<K>)(handling, checkedRequest(handling, operation, request)),
        () => wipeAll(handling.made),
      )
    },
    (thrown) => {
      const error = asHsmError(parts, operation, thrown)
      return andThen(attempt && recordRefusal(attempt, error.code), () => {
        throw error
      })
    },
  )
}

function asHsmError({ log }: Parts, operation: string, error: unknown): HsmError {
  if (error instanceof HsmError) return error
  log('error', { operation, err: error }, 'operation failed unexpectedly')
  return new HsmError('internal', undefined, { cause: error })
}
