/** The operations that are under way in a session (PKCS#11 v2.40 §5.6.7): what each has to remember between two calls. */
import type { Hash } from 'node:crypto'
import type { MaybePromise } from '../../base/maybe-promise.ts'
import type { Mechanism } from '../../contract/mechanisms.ts'
import type { Lengths } from './cipher-lengths.ts'
import type { Message } from './message.ts'

/** At most one operation of each kind. */
export type Active = {
  find: Found | undefined
  digest: Digest | undefined
  sign: Message | undefined
  verify: Message | undefined
  encrypt: CipherOperation | undefined
  decrypt: CipherOperation | undefined
  messageEncrypt: Messages | undefined
  messageDecrypt: Messages | undefined
  messageSign: SignedMessages | undefined
  messageVerify: SignedMessages | undefined
}

export const noneAtAll = (): Active => ({
  find: undefined,
  digest: undefined,
  sign: undefined,
  verify: undefined,
  encrypt: undefined,
  decrypt: undefined,
  messageEncrypt: undefined,
  messageDecrypt: undefined,
  messageSign: undefined,
  messageVerify: undefined,
})

/** What C_FindObjectsInit found; C_FindObjects hands it out from `next` on. */
export type Found = { readonly handles: readonly number[]; next: number }

/** `bytes`: how long the result is. */
export type Digest = { readonly hash: Hash; readonly bytes: number; inParts: boolean }

export type Purpose = 'encrypt' | 'decrypt'

/** What encryption or decryption has to remember between two calls. */
export type CipherOperation = {
  readonly purpose: Purpose
  readonly message: Message
  readonly lengths: Lengths
  /** Bytes that went in and have not come out. */
  pending: number
  /** The end of the message, for which the caller had too little room. */
  held: Buffer | undefined
  /** It is over with an empty end; older clients ask for that twice. */
  over: boolean
}

/** Messages one after another, each by itself (PKCS#11 v3.0 §5.9): the handle of their key. */
export type Messages = { readonly key: number }
export type SignedMessages = Messages & { readonly mechanism: Mechanism }

/** Ends one without a result, and wipes what it has held back. */
export function giveUp(operation: Active[keyof Active]): MaybePromise<void> {
  if (!operation) return
  if ('cancel' in operation) return operation.cancel()
  if ('message' in operation) {
    operation.held?.fill(0)
    return operation.message.cancel()
  }
}
