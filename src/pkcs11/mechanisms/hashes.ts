/** Hash functions by the numbers that mechanism parameters have for them. */
import type { Hash } from '../../contract/algorithms.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { TYPES } from './types.ts'

/** CK_RSA_PKCS_MGF_TYPE: CKG_MGF1_SHA1 and so on (PKCS#11 v2.40 mechanisms §2.1.7). */
const MGFS: ReadonlyMap<number, `mgf1-${Hash}`> = new Map([
  [1, 'mgf1-sha1'],
  [2, 'mgf1-sha256'],
  [3, 'mgf1-sha384'],
  [4, 'mgf1-sha512'],
  [5, 'mgf1-sha224'],
])

/**
 * CK_EC_KDF_TYPE: CKD_NULL, CKD_SHA1_KDF and so on (PKCS#11 v2.40 mechanisms §2.3.8), and CKD_CLOUDHSM_X963_SHA1_KDF and so
 * on, by numbers of our own, as none were published.
 */
const KDFS: ReadonlyMap<number, 'none' | `x963-${Hash}`> = new Map([
  [1, 'none'],
  [2, 'x963-sha1'],
  [5, 'x963-sha224'],
  [6, 'x963-sha256'],
  [7, 'x963-sha384'],
  [8, 'x963-sha512'],
  [0x8000_5301, 'x963-sha1'],
  [0x8000_5302, 'x963-sha224'],
  [0x8000_5303, 'x963-sha256'],
  [0x8000_5304, 'x963-sha384'],
  [0x8000_5305, 'x963-sha512'],
])

/** The hash function of a digest mechanism; undefined for other mechanisms. */
export const digestOf = (type: number): Hash | undefined => TYPES.get(type)?.digest

/** Throws CKR_MECHANISM_PARAM_INVALID. */
export const hashOf = (type: number): Hash => digestOf(type) ?? refuse(CKR.MECHANISM_PARAM_INVALID)

/** Throws CKR_MECHANISM_PARAM_INVALID. */
export const mgfOf = (type: number): `mgf1-${Hash}` => MGFS.get(type) ?? refuse(CKR.MECHANISM_PARAM_INVALID)

/** Throws CKR_MECHANISM_PARAM_INVALID. */
export const kdfOf = (type: number): 'none' | `x963-${Hash}` =>
  KDFS.get(type) ?? refuse(CKR.MECHANISM_PARAM_INVALID)
