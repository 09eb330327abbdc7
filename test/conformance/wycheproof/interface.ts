/** What the vectors ask of an HSM, whichever way they come to it. */
import type { FlagName } from '../../../src/contract/attributes.ts'
import type { Cipher, Mechanism, Wrapping } from '../../../src/contract/mechanisms.ts'

/** A key as a vector has it. */
export type Material =
  | { readonly kind: 'aes' | 'generic-secret'; readonly value: Buffer }
  | { readonly kind: 'rsa-public' | 'ec-public'; readonly spki: Buffer }
  | { readonly kind: 'rsa-private'; readonly pkcs8: Buffer }
  /** `curve` is the DER of its object identifier. */
  | { readonly kind: 'ec-private'; readonly curve: Buffer; readonly scalar: Buffer }

/** `refused`: the code of the error, or the return value as `CKR 0x13`. */
export type Outcome<T> = { readonly value: T } | { readonly refused: string }

export type Key = string | number

export type Interface = {
  readonly name: 'engine' | 'HTTPS' | 'PKCS#11' | 'our PKCS#11 module'
  /** Undefined for what cannot be said through this interface. */
  bring(
    material: Material,
    uses: readonly FlagName[],
    options?: { readonly label: string; readonly session: boolean },
  ): Promise<Outcome<Key> | undefined>
  forget(key: Key): Promise<void>
  sign(key: Key, mechanism: Mechanism, data: Buffer): Promise<Outcome<Buffer>>
  verify(key: Key, mechanism: Mechanism, data: Buffer, signature: Buffer): Promise<Outcome<boolean>>
  encrypt(key: Key, cipher: Cipher, data: Buffer): Promise<Outcome<Buffer>>
  decrypt(key: Key, cipher: Cipher, data: Buffer): Promise<Outcome<Buffer>>
  wrap(under: Key, wrapping: Wrapping, payload: Key): Promise<Outcome<Buffer>>
  /** The value of what comes out, a generic secret. */
  unwrap(under: Key, wrapping: Wrapping, wrapped: Buffer): Promise<Outcome<Buffer>>
  /** The shared secret. @param bytes as long as the field */
  derive(key: Key, point: Buffer, bytes: number): Promise<Outcome<Buffer>>
  /** The point of a public key on a curve, in a DER OCTET STRING. */
  point(key: Key): Promise<Buffer>
}
