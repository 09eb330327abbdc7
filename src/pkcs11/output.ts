/** A result of variable length: itself, or how much room it needs when the caller has too little (PKCS#11 v2.40 §5.2). */
export type Output = { readonly bytes: Buffer } | { readonly needed: number }

/** The caller's buffer is there and of size 0 (p11-kit 0.25). */
export const NO_ROOM = 0xffff_ffff

/** @param room bytes of the caller's buffer; 0: there is none, the length is asked for */
export const fits = (length: number, room: number): boolean =>
  length === 0 || (room !== NO_ROOM && length <= room)

/** The caller asks for the length only (PKCS#11 v3.1 §5.2). */
export const isQuery = (room: number): boolean => room === 0

/** A result that can be had again, or is no secret. */
export const answer = (bytes: Buffer, room: number): Output =>
  fits(bytes.length, room) ? { bytes } : { needed: bytes.length }
