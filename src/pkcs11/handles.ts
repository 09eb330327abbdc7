/**
 * Object handles. The handle of a key or certificate is its reference, so it is the same in every program and after every
 * login, and whoever was told it needs no search. It gives no right: the HSM is asked with every use.
 */

/** What the HSM has. */
export type StoredReference = {
  readonly kind: 'key' | 'certificate'
  /** Keys and certificates have theirs from one counter. */
  readonly reference: string
}

/** What a handle stands for. A certificate that is made on demand has the reference of its key. */
export type ObjectReference =
  | StoredReference
  | { readonly kind: 'key-certificate'; readonly reference: string }

/** References are below 2^47. */
export const handleOf = (reference: string): number => Number(reference)

/** Undefined for a number that is nobody's reference, such as CK_INVALID_HANDLE. */
export const referenceOf = (handle: number): string | undefined =>
  Number.isSafeInteger(handle) && handle > 0 ? `0x${handle.toString(16).padStart(16, '0')}` : undefined

/** Above all references. */
const KEY_CERTIFICATE = 2 ** 50

/** The handle of the certificate that is made on demand for a key. */
export const keyCertificateHandle = (keyReference: string): number => KEY_CERTIFICATE + handleOf(keyReference)

/** The reference of the key for which a certificate with that handle is made; undefined for other handles. */
export const keyOfCertificate = (handle: number): string | undefined =>
  handle > KEY_CERTIFICATE ? referenceOf(handle - KEY_CERTIFICATE) : undefined
