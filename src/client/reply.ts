/** From what a server sent to the reply of an operation, or the error it stands for. */
import * as v from 'valibot'
import { ERRORS, type ErrorCode, HsmError } from '../contract/errors.ts'
import { OPERATIONS, type OperationName, type Reply } from '../contract/operations.ts'
import { type QuickCheck, quickCheckOf, UNSURE } from '../contract/quick-check.ts'
import { fromUtf8 } from '../contract/text.ts'
import { notUnderstood, type ServerAddress } from './failures.ts'
import type { WireReply } from './link.ts'

const refusal = v.object({
  code: v.custom<ErrorCode>((code) => typeof code === 'string' && Object.hasOwn(ERRORS, code)),
  message: v.pipe(v.string(), v.maxLength(4096)),
})

/**
 * Members that the schema does not have are left out.
 *
 * @throws HsmError as the HSM sent it; `unavailable` when the server sent something else
 */
export function decodeReply<K extends OperationName>(
  operation: K,
  { isRefusal, body }: WireReply,
  server: ServerAddress,
): Reply<K> {
  const value = parse(body)
  if (!isRefusal) {
    const quickly = quickOf(operation)(value)
    if (quickly !== UNSURE) return quickly as Reply<K>
    const reply = v.safeParse(OPERATIONS[operation].reply, value)
    if (reply.success) return reply.output as Reply<K>
    throw notUnderstood(server)
  }
  const refused = v.safeParse(refusal, value)
  if (!refused.success) throw notUnderstood(server)
  const { code, message } = refused.output
  throw new HsmError(code, message)
}

/** Made when an operation is first used: a one-shot command uses few of them. */
function quickOf(operation: OperationName): QuickCheck {
  const known = QUICK.get(operation)
  if (known) return known
  const made = quickCheckOf(OPERATIONS[operation].reply)
  QUICK.set(operation, made)
  return made
}

const QUICK = new Map<OperationName, QuickCheck>()

/** Undefined when it is not JSON. */
function parse(body: Buffer): unknown {
  try {
    return JSON.parse(fromUtf8(body) ?? '')
  } catch {
    return undefined
  }
}
