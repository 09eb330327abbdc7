/** Flags of CK_MECHANISM_INFO (PKCS#11 v2.40 §3.4 and its mechanisms; values from their headers). */
export const CKF = {
  ENCRYPT: 0x100,
  DECRYPT: 0x200,
  DIGEST: 0x400,
  SIGN: 0x800,
  VERIFY: 0x2000,
  GENERATE: 0x8000,
  GENERATE_KEY_PAIR: 0x1_0000,
  WRAP: 0x2_0000,
  UNWRAP: 0x4_0000,
  DERIVE: 0x8_0000,
  EC_F_P: 0x10_0000,
  EC_NAMEDCURVE: 0x80_0000,
  EC_UNCOMPRESS: 0x100_0000,
} as const
