/** The value of an attribute: CK_BBOOL, CK_ULONG or bytes. */
export type Value = boolean | number | Buffer

/** Not in constant time: for values that are shown anyway. */
export const sameValue = (one: Value, other: Value): boolean =>
  Buffer.isBuffer(one) && Buffer.isBuffer(other) ? one.equals(other) : one === other
