/** Mechanisms that sign and verify. */
import type { Hash, Mechanism } from '../../contract/mechanisms.ts'
import { CKM } from '../cryptoki/mechanism-types.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { hashOf, mgfOf } from './hashes.ts'
import { type CallerMechanism, parameterOf, withoutParameter } from './parameters.ts'

type Build = (mechanism: CallerMechanism) => Mechanism

/** Of a mechanism that takes no parameter. */
const plain =
  (mechanism: Mechanism): Build =>
  (given) => {
    withoutParameter(given)
    return mechanism
  }

/** @param hash of mechanisms that hash; otherwise the caller does, with what the parameter names */
const pss =
  (hash?: Hash): Build =>
  (given) => {
    const { hashAlg, mgf, saltLength } = parameterOf(given, 'pss')
    const named = hashOf(hashAlg)
    if (hash !== undefined && named !== hash) refuse(CKR.MECHANISM_PARAM_INVALID)
    return {
      name: 'rsa-pkcs-pss',
      hash: named,
      input: hash === undefined ? 'digest' : 'raw',
      mgf: mgfOf(mgf),
      'salt-length': saltLength,
    }
  }

const hmacGeneral =
  (hash: Hash): Build =>
  (given) => ({ name: 'hmac', hash, 'mac-length': parameterOf(given, 'mac-length').length })

const rsa = (hash: Hash): Build => plain({ name: 'rsa-pkcs', hash, input: 'raw' })
const ecdsa = (hash: Hash): Build => plain({ name: 'ecdsa', hash, input: 'raw' })
const hmac = (hash: Hash): Build => plain({ name: 'hmac', hash })

const SIGNING: ReadonlyMap<number, Build> = new Map([
  [CKM.RSA_PKCS, plain({ name: 'rsa-pkcs-unhashed' })],
  [CKM.RSA_X_509, plain({ name: 'rsa-x509' })],
  [CKM.SHA1_RSA_PKCS, rsa('sha1')],
  [CKM.SHA224_RSA_PKCS, rsa('sha224')],
  [CKM.SHA256_RSA_PKCS, rsa('sha256')],
  [CKM.SHA384_RSA_PKCS, rsa('sha384')],
  [CKM.SHA512_RSA_PKCS, rsa('sha512')],
  [CKM.RSA_PKCS_PSS, pss()],
  [CKM.SHA1_RSA_PKCS_PSS, pss('sha1')],
  [CKM.SHA224_RSA_PKCS_PSS, pss('sha224')],
  [CKM.SHA256_RSA_PKCS_PSS, pss('sha256')],
  [CKM.SHA384_RSA_PKCS_PSS, pss('sha384')],
  [CKM.SHA512_RSA_PKCS_PSS, pss('sha512')],
  [CKM.ECDSA, plain({ name: 'ecdsa-prehashed' })],
  [CKM.ECDSA_SHA1, ecdsa('sha1')],
  [CKM.ECDSA_SHA224, ecdsa('sha224')],
  [CKM.ECDSA_SHA256, ecdsa('sha256')],
  [CKM.ECDSA_SHA384, ecdsa('sha384')],
  [CKM.ECDSA_SHA512, ecdsa('sha512')],
  [CKM.EDDSA, plain({ name: 'ed25519' })],
  [CKM.SHA_1_HMAC, hmac('sha1')],
  [CKM.SHA224_HMAC, hmac('sha224')],
  [CKM.SHA256_HMAC, hmac('sha256')],
  [CKM.SHA384_HMAC, hmac('sha384')],
  [CKM.SHA512_HMAC, hmac('sha512')],
  [CKM.SHA_1_HMAC_GENERAL, hmacGeneral('sha1')],
  [CKM.SHA224_HMAC_GENERAL, hmacGeneral('sha224')],
  [CKM.SHA256_HMAC_GENERAL, hmacGeneral('sha256')],
  [CKM.SHA384_HMAC_GENERAL, hmacGeneral('sha384')],
  [CKM.SHA512_HMAC_GENERAL, hmacGeneral('sha512')],
  [CKM.AES_CMAC, plain({ name: 'aes-cmac' })],
  [
    CKM.AES_CMAC_GENERAL,
    (given) => ({ name: 'aes-cmac', 'mac-length': parameterOf(given, 'mac-length').length }),
  ],
])

/** Throws CKR_MECHANISM_INVALID or _PARAM_INVALID. */
export const signingMechanism = (given: CallerMechanism): Mechanism =>
  (SIGNING.get(given.type) ?? refuse(CKR.MECHANISM_INVALID))(given)
