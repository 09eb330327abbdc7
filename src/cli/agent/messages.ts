/**
 * What a command and the agent say to each other over a Unix socket: JSON behind its length (4 bytes, big endian). Little is loaded
 * for it, since a command is to start fast.
 */
import type { OperationName } from '../../contract/operations.ts'
import type { ClusterOption } from '../cluster-clients.ts'
import type { Credentials } from '../cluster-login.ts'

/** Names the socket of the agent. */
export const AGENT_VARIABLE = 'STRONGROOM_AGENT_SOCK'

/** What of a command says which cluster it talks to. */
export type Opening = {
  /** Of the program: agents of another one are left alone. */
  readonly version: string
  readonly workingDirectory: string
  readonly homeDirectory: string
  /** Those that name a configuration. */
  readonly env: Readonly<Record<string, string>>
  readonly config?: string | undefined
  readonly clusterId?: string | undefined
  readonly option?: ClusterOption | undefined
  /** Nobody is named to log in as: the only login that is held will do. */
  readonly anyone?: true | undefined
}

export type Control = 'status' | 'lock' | 'stop'

/** Each is answered by one `Answer`. A connection begins with `open` or `control`. */
export type Question =
  | { readonly open: Opening }
  /** `again`: the login that is held has proven to be over. */
  | { readonly login: Credentials; readonly again?: true }
  | { readonly call: OperationName; readonly request: object }
  | { readonly logout: true }
  | { readonly control: Control }

export type Answer =
  | { readonly ok: object }
  | { readonly refused: { readonly code: string; readonly message: string } }
  /** Why this agent is of no use for the command, which does without it then. */
  | { readonly useless: string }

/** Besides answers: something for standard error. */
export type Note = { readonly note: string }

/** Stands for bytes; no request and no reply has a member of this name. */
const BYTES = 'base64 of bytes'

/** One message with its length. The caller wipes it if there is a secret in it. */
export function encodeMessage(message: object): Buffer {
  const text = JSON.stringify(
    message,
    function (this: Record<string, unknown>, name: string, value: unknown) {
      const own = this[name]
      return own instanceof Uint8Array ? { [BYTES]: Buffer.from(own).toString('base64') } : value
    },
  )
  const length = Buffer.byteLength(text)
  const bytes = Buffer.allocUnsafeSlow(LENGTH_BYTES + length)
  bytes.writeUInt32BE(length)
  bytes.write(text, LENGTH_BYTES)
  return bytes
}

/** @throws SyntaxError for what is no JSON */
function decodeMessage(bytes: Buffer): unknown {
  const text = bytes.toString('utf8')
  // Most have none, and looking at each value takes as long as reading them.
  return text.includes(`"${BYTES}"`) ? JSON.parse(text, revive) : JSON.parse(text)
}

function revive(_name: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || !(BYTES in value)) return value
  return Buffer.from(String(value[BYTES]), 'base64')
}

/**
 * Cuts a stream into messages.
 *
 * @param most bytes of one message
 * @returns takes the next piece of the stream, and answers the messages that are complete; undefined when what came is none, or too
 *   large. Wipes the piece
 */
export function createMessageReader(most: number): (piece: Uint8Array) => readonly unknown[] | undefined {
  const pieces: Uint8Array[] = []
  let size = 0
  let needed = LENGTH_BYTES
  return (piece) => {
    pieces.push(piece)
    size += piece.length
    if (size < needed) return []
    const whole = Buffer.concat(pieces)
    for (const part of pieces.splice(0)) part.fill(0)
    try {
      const cut = cutMessages(whole, most)
      const rest = Buffer.from(whole.subarray(cut.used))
      pieces.push(rest)
      size = rest.length
      needed = cut.needed
      return cut.messages
    } catch {
      return undefined
    } finally {
      whole.fill(0)
    }
  }
}

const LENGTH_BYTES = 4

type Cut = {
  readonly messages: readonly unknown[]
  /** Bytes that are done with. */
  readonly used: number
  /** How many the next message takes, as far as is known. */
  readonly needed: number
}

/** @throws RangeError or SyntaxError when it is no message */
function cutMessages(whole: Buffer, most: number): Cut {
  const messages: unknown[] = []
  for (let used = 0; ; ) {
    const left = whole.length - used
    const needed = LENGTH_BYTES + (left >= LENGTH_BYTES ? whole.readUInt32BE(used) : 0)
    if (needed - LENGTH_BYTES > most) throw new RangeError('too large')
    if (left < needed) return { messages, used, needed }
    messages.push(decodeMessage(whole.subarray(used + LENGTH_BYTES, used + needed)))
    used += needed
  }
}
