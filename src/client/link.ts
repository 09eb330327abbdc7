/** A connection to an HSM, whatever it speaks, with any number of requests under way on it. */
import type { TLSSocket } from 'node:tls'
import type { ServerAddress } from './failures.ts'

export type WireRequest = {
  readonly operation: string
  readonly session: string | undefined
  /** The session that it uses or opens ends with the connection. */
  readonly bound: boolean
  /** JSON. */
  readonly body: Buffer
}
/** JSON that is not read yet, of the reply or the refusal. */
export type WireReply = { readonly isRefusal: boolean; readonly body: Buffer }

/** An open connection to one server, which any number of requests share. */
export interface Link {
  readonly server: ServerAddress
  isOpen(): boolean
  /**
   * @returns undefined when the request certainly never reached the HSM, so that it may be sent again elsewhere
   * @throws HsmError `unavailable`
   */
  send(request: WireRequest, timeoutMs: number): Promise<WireReply | undefined>
  /** Takes no more requests; those under way come to their end. */
  retire(): void
  close(): void
}

export type LinkOptions = {
  readonly server: ServerAddress
  readonly socket: TLSSocket
  /** Called when the connection is gone and neither `retire` nor `close` was called. */
  readonly onLost: () => void
  /**
   * Whether another server answers; asked when this one falls silent during a request, which it then is given up for within a
   * second. Left out when there is no other.
   */
  readonly isElsewhereBetter?: () => Promise<boolean>
}
