/** Hash functions by the numbers that mechanism parameters have for them. */
import type { Hash } from '../../contract/mechanisms.ts'
import { CKM } from '../cryptoki/mechanism-types.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'

const HASHES: ReadonlyMap<number, Hash> = new Map([
  [CKM.SHA_1, 'sha1'],
  [CKM.SHA224, 'sha224'],
  [CKM.SHA256, 'sha256'],
  [CKM.SHA384, 'sha384'],
  [CKM.SHA512, 'sha512'],
])

/** CK_RSA_PKCS_MGF_TYPE: CKG_MGF1_SHA1 and so on (PKCS#11 v2.40 mechanisms §2.1.7). */
const MGFS: ReadonlyMap<number, `mgf1-${Hash}`> = new Map([
  [1, 'mgf1-sha1'],
  [2, 'mgf1-sha256'],
  [3, 'mgf1-sha384'],
  [4, 'mgf1-sha512'],
  [5, 'mgf1-sha224'],
])

/** Throws CKR_MECHANISM_PARAM_INVALID. */
export const hashOf = (type: number): Hash => HASHES.get(type) ?? refuse(CKR.MECHANISM_PARAM_INVALID)

/** Throws CKR_MECHANISM_PARAM_INVALID. */
export const mgfOf = (type: number): `mgf1-${Hash}` => MGFS.get(type) ?? refuse(CKR.MECHANISM_PARAM_INVALID)

/** The hash function of a digest mechanism; undefined for other mechanisms. */
export const digestOf = (mechanism: number): Hash | undefined => HASHES.get(mechanism)
