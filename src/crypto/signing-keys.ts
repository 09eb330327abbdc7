/** Keys that sign or verify, whatever their family. */
import type { Mechanism } from '../contract/mechanisms.ts'

/** A private or secret key, parsed: kept between uses because parsing takes as long as signing. */
export type SigningKey = {
  /**
   * @param data what the mechanism's `input` says; it must not change before the signature is there
   * @returns the signature or MAC: at once where that takes less time than a way through the thread pool
   * @throws HsmError `key-type`, `invalid-mechanism` or `invalid-data`
   */
  sign(mechanism: Mechanism, data: Buffer): Buffer | Promise<Buffer>
  /**
   * Begins a message in parts, which does not keep the key open.
   *
   * @throws HsmError `key-type` or `invalid-mechanism`
   */
  begin(mechanism: Mechanism): MessageStream
  /** Lets go of the key. Only for when no signature is under way; to sign afterwards is an error. */
  close(): void
}

/** A public or secret key, parsed. */
export type VerifyingKey = {
  /**
   * @returns false for every signature that is not right, be it malformed or of the wrong length
   * @throws HsmError `key-type`, `invalid-mechanism` or `invalid-data`
   */
  verify(mechanism: Mechanism, data: Buffer, signature: Buffer): boolean
  /** As of {@link SigningKey}. */
  begin(mechanism: Mechanism): MessageStream
}

/** A message in parts. It ends with `sign`, `verify` or `close`, or when `update` throws; it is not to be used after that. */
export type MessageStream = {
  /** @throws HsmError `too-large` when the message has to be kept as a whole and becomes too large for that */
  update(part: Uint8Array): void
  /** @param key the key it was begun with, which may have been closed and opened again meanwhile */
  sign(key: SigningKey): Buffer | Promise<Buffer>
  /** @returns false for every signature that is not right */
  verify(key: VerifyingKey, signature: Buffer): boolean
  /** Bytes that are kept of the message. */
  held(): number
  /** Ends it, and wipes what is kept. May be called more than once. */
  close(): void
}

/** What one family does with a private key. `check` throws `key-type` or `invalid-mechanism`. */
export type Signer = Pick<SigningKey, 'sign'> & { readonly check: (mechanism: Mechanism) => unknown }
/** What one family does with a public key. */
export type Verifier = Pick<VerifyingKey, 'verify'> & { readonly check: (mechanism: Mechanism) => unknown }
