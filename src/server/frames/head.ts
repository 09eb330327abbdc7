/** The head of a request in a frame: how it ends with the connection, which operation, and whose session. */
import { BOUND_FLAG, FRAME_START_BYTES } from '../../contract/wire.ts'

/** The texts are what the peer says they are, one character for each byte. */
export type FrameHead = {
  readonly operation: string
  /** Empty without a session. */
  readonly token: string
  readonly bound: boolean
}

const OPERATION_BYTES = 64
const TOKEN_BYTES = 512
/** Of the two lengths. The flags come first. */
const OPERATION_LENGTH_BYTES = 1
const TOKEN_LENGTH_BYTES = 2
const TOO_SHORT = 'is too short'

type Layout = { readonly operationAt: number; readonly tokenAt: number; readonly bodyAt: number }

/**
 * @param at where the frame begins
 * @param end where it ends, which may be beyond what is there
 * @returns the head and where the body begins; undefined while too little is there; what is wrong with it otherwise
 */
export function readHead(
  bytes: Buffer,
  at: number,
  end: number,
): { readonly head: FrameHead; readonly bodyAt: number } | string | undefined {
  const flagsAt = at + FRAME_START_BYTES
  const layout = layoutOf(bytes, flagsAt + 1, end)
  if (typeof layout !== 'object') return layout
  const { operationAt, tokenAt, bodyAt } = layout
  const flags = bytes[flagsAt] ?? 0
  if ((flags & ~BOUND_FLAG) !== 0) return 'has an unknown flag'
  const operation = bytes.toString('latin1', operationAt, tokenAt - TOKEN_LENGTH_BYTES)
  const token = bytes.toString('latin1', tokenAt, bodyAt)
  return { head: { operation, token, bound: flags === BOUND_FLAG }, bodyAt }
}

/** @param at where the length of the operation is */
function layoutOf(bytes: Buffer, at: number, end: number): Layout | string | undefined {
  const operationAt = at + OPERATION_LENGTH_BYTES
  if (operationAt + TOKEN_LENGTH_BYTES > end) return TOO_SHORT
  const operationBytes = bytes[at]
  if (operationBytes === undefined) return undefined
  if (operationBytes > OPERATION_BYTES) return 'has a name of an operation that is too long'
  const tokenAt = operationAt + operationBytes + TOKEN_LENGTH_BYTES
  if (tokenAt > end) return TOO_SHORT
  if (tokenAt > bytes.length) return undefined
  const tokenBytes = bytes.readUInt16BE(tokenAt - TOKEN_LENGTH_BYTES)
  if (tokenBytes > TOKEN_BYTES) return 'has a token that is too long'
  const bodyAt = tokenAt + tokenBytes
  if (bodyAt > end) return TOO_SHORT
  return bodyAt > bytes.length ? undefined : { operationAt, tokenAt, bodyAt }
}
