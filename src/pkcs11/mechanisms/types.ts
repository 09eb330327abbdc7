import { MECHANISM_TYPES, type MechanismType } from '../../contract/mechanism-types.ts'
import type { Use } from '../../contract/mechanisms.ts'
import { CKF } from '../cryptoki/mechanism-flags.ts'

/** Each mechanism type by its number, in the order in which programs see them. */
export const TYPES: ReadonlyMap<number, MechanismType> = new Map(
  Object.values(MECHANISM_TYPES).map((type): [number, MechanismType] => [type.value, type]),
)

/** Each use of a key with its flag, and the member of a type that says with which mechanism. */
export const USES = {
  sign: { flag: CKF.SIGN, by: 'sign' },
  verify: { flag: CKF.VERIFY, by: 'sign' },
  encrypt: { flag: CKF.ENCRYPT, by: 'encrypt' },
  decrypt: { flag: CKF.DECRYPT, by: 'encrypt' },
  wrap: { flag: CKF.WRAP, by: 'wrap' },
  unwrap: { flag: CKF.UNWRAP, by: 'wrap' },
  derive: { flag: CKF.DERIVE, by: 'derive' },
} as const satisfies Record<Use, { readonly flag: number; readonly by: keyof MechanismType }>
