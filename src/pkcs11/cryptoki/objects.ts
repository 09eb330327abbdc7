/** Classes, key types and attributes of objects (PKCS#11 v2.40 §4; values from its header). */

/** CK_OBJECT_CLASS. */
export const CKO = { DATA: 0, CERTIFICATE: 1, PUBLIC_KEY: 2, PRIVATE_KEY: 3, SECRET_KEY: 4 } as const

/** The last one is of PKCS#11 v3.2. */
export const CKK = {
  RSA: 0x00,
  EC: 0x03,
  GENERIC_SECRET: 0x10,
  DES3: 0x15,
  AES: 0x1f,
  EC_EDWARDS: 0x40,
  ML_DSA: 0x4a,
} as const

/** CK_CERTIFICATE_TYPE. */
export const CKC_X_509 = 0

/** CK_ATTRIBUTE_TYPE. */
export const CKA = {
  CLASS: 0x000,
  TOKEN: 0x001,
  PRIVATE: 0x002,
  LABEL: 0x003,
  UNIQUE_ID: 0x004,
  APPLICATION: 0x010,
  VALUE: 0x011,
  CERTIFICATE_TYPE: 0x080,
  ISSUER: 0x081,
  SERIAL_NUMBER: 0x082,
  TRUSTED: 0x086,
  CERTIFICATE_CATEGORY: 0x087,
  URL: 0x089,
  CHECK_VALUE: 0x090,
  KEY_TYPE: 0x100,
  SUBJECT: 0x101,
  ID: 0x102,
  SENSITIVE: 0x103,
  ENCRYPT: 0x104,
  DECRYPT: 0x105,
  WRAP: 0x106,
  UNWRAP: 0x107,
  SIGN: 0x108,
  SIGN_RECOVER: 0x109,
  VERIFY: 0x10a,
  VERIFY_RECOVER: 0x10b,
  DERIVE: 0x10c,
  START_DATE: 0x110,
  END_DATE: 0x111,
  MODULUS: 0x120,
  MODULUS_BITS: 0x121,
  PUBLIC_EXPONENT: 0x122,
  PRIVATE_EXPONENT: 0x123,
  PRIME_1: 0x124,
  PRIME_2: 0x125,
  EXPONENT_1: 0x126,
  EXPONENT_2: 0x127,
  COEFFICIENT: 0x128,
  PUBLIC_KEY_INFO: 0x129,
  VALUE_LEN: 0x161,
  EXTRACTABLE: 0x162,
  LOCAL: 0x163,
  NEVER_EXTRACTABLE: 0x164,
  ALWAYS_SENSITIVE: 0x165,
  KEY_GEN_MECHANISM: 0x166,
  MODIFIABLE: 0x170,
  COPYABLE: 0x171,
  DESTROYABLE: 0x172,
  EC_PARAMS: 0x180,
  EC_POINT: 0x181,
  ALWAYS_AUTHENTICATE: 0x202,
  WRAP_WITH_TRUSTED: 0x210,
  WRAP_TEMPLATE: 0x4000_0211,
  UNWRAP_TEMPLATE: 0x4000_0212,
  ALLOWED_MECHANISMS: 0x4000_0600,
  /** CloudHSM's, by a number of our own, as no other was published. */
  CLOUDHSM_PARAMETER_SET: 0x8000_5301,
} as const

const NAMES: ReadonlyMap<number, string> = new Map(
  Object.entries(CKA).map(([name, type]) => [type, `CKA_${name}`]),
)

/** `CKA_LABEL`, or the number of what is not in the table. */
export const attributeName = (type: number): string => NAMES.get(type) ?? `attribute 0x${type.toString(16)}`
