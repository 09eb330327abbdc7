/** A result of variable length: itself, or how much room it needs when the caller has too little (PKCS#11 v2.40 §5.2). */
export type Output =
  /** Nobody else's: wiped when they are written. */
  { readonly bytes: Buffer } | { readonly needed: number }

/** The caller's buffer is there and of size 0 (p11-kit 0.25). */
export const EMPTY_BUFFER = 0xffff_ffff

/** @param bufferBytes of the caller's buffer; 0: there is none, the length is asked for */
export const fits = (length: number, bufferBytes: number): boolean =>
  length === 0 || (bufferBytes !== EMPTY_BUFFER && length <= bufferBytes)

/** The caller asks for the length only (PKCS#11 v3.1 §5.2). */
export const isQuery = (bufferBytes: number): boolean => bufferBytes === 0

/** A result that can be had again, or is no secret. */
export const outputOf = (bytes: Buffer, bufferBytes: number): Output =>
  fits(bytes.length, bufferBytes) ? { bytes } : { needed: bytes.length }
