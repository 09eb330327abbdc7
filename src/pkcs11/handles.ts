/**
 * Object handles. The handle of a key or certificate is its reference, so it is the same in every program and after every
 * login, and whoever was told it needs no search. It gives no right: the HSM is asked with every use.
 */

/** What a handle stands for. */
export type ObjectReference = {
  readonly kind: 'key' | 'certificate'
  /** Keys and certificates have theirs from one counter. */
  readonly reference: string
}

/** References are below 2^47. */
export const handleOf = (reference: string): number => Number(reference)

/** Undefined for a number that is nobody's reference, such as CK_INVALID_HANDLE. */
export const referenceOf = (handle: number): string | undefined =>
  Number.isSafeInteger(handle) && handle > 0 ? `0x${handle.toString(16).padStart(16, '0')}` : undefined
