/** Mechanisms that derive keys. */
import type { Derivation } from '../../contract/derivation.ts'
import { CKM } from '../cryptoki/mechanism-types.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { type CallerMechanism, parameterOf } from './parameters.ts'

/** CK_EC_KDF_TYPE: CKD_NULL, CKD_SHA1_KDF and so on (PKCS#11 v2.40 mechanisms §2.3.8). */
const KDFS: ReadonlyMap<number, Derivation['kdf']> = new Map([
  [1, 'none'],
  [2, 'x963-sha1'],
  [5, 'x963-sha224'],
  [6, 'x963-sha256'],
  [7, 'x963-sha384'],
  [8, 'x963-sha512'],
])

/** Throws CKR_MECHANISM_INVALID or _PARAM_INVALID. */
export function derivationMechanism(given: CallerMechanism): Derivation {
  if (given.type !== CKM.ECDH1_DERIVE) return refuse(CKR.MECHANISM_INVALID)
  const { kdf: type, sharedData, publicData } = parameterOf(given, 'ecdh')
  const kdf = KDFS.get(type) ?? refuse(CKR.MECHANISM_PARAM_INVALID)
  if (kdf === 'none' && sharedData.length > 0) refuse(CKR.MECHANISM_PARAM_INVALID)
  return {
    name: 'ecdh',
    kdf,
    'public-point': publicData.toString('base64'),
    ...(kdf !== 'none' && { 'shared-info': sharedData.toString('base64') }),
  }
}
