/** CK_UNAVAILABLE_INFORMATION: a CK_ULONG with all bits set (PKCS#11 v2.40 §3.2); as a number it is 2^64. */
export const UNAVAILABLE = 2 ** 64
