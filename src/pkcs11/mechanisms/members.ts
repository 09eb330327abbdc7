/** What the parameter of a caller's mechanism says, in the words of the HSM. */
import type { Hash } from '../../contract/algorithms.ts'
import { isTagLength, type TagLength } from '../../contract/mechanism-parameters.ts'
import type { MembersOf, ParameterKind } from '../../contract/mechanism-types.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { hashOf, kdfOf, mgfOf } from './hashes.ts'
import { type CallerMechanism, type Parameters, parameterOf } from './parameters.ts'

type Value = {
  readonly hash: Hash
  readonly mgf: `mgf1-${Hash}`
  readonly kdf: 'none' | `x963-${Hash}`
  readonly 'salt-length': number
  readonly 'counter-bits': number
  readonly 'tag-length-bits': TagLength
  readonly 'mac-length': number
  readonly 'aes-key-bits': 128 | 192 | 256
}
type Optional = 'shared-info'
type Members<N extends string> = {
  readonly [M in Exclude<N, Optional>]: M extends keyof Value ? Value[M] : Buffer
} & { readonly [M in N & Optional]?: Buffer }

/** A message is begun anew from its mechanism, when the body of the request that it came with has long been wiped. */
const copy = (bytes: Buffer): Buffer => Buffer.from(bytes)

function oaepMembers({ hashAlg, mgf, source, label }: Parameters['oaep']): Members<MembersOf<'oaep'>> {
  // CKZ_DATA_SPECIFIED; 0 with no label is what some callers leave there.
  if (source !== 1 && !(source === 0 && label.length === 0)) refuse(CKR.MECHANISM_PARAM_INVALID)
  return { hash: hashOf(hashAlg), mgf: mgfOf(mgf), label: copy(label) }
}

const tagLength = (bits: number): TagLength =>
  isTagLength(bits) ? bits : refuse(CKR.MECHANISM_PARAM_INVALID, `A tag cannot have ${bits} bits`)

const aesKeyBits = (bits: number): Value['aes-key-bits'] =>
  ([128, 192, 256] as const).find((known) => known === bits) ??
  refuse(CKR.MECHANISM_PARAM_INVALID, `An AES key cannot have ${bits} bits`)

/** Parameters of these are not of members (`eddsa.ts`, `counter-kdf.ts`). */
type Kind = Exclude<ParameterKind, 'eddsa' | 'counter-kdf'>

const MEMBERS: {
  readonly [K in Kind]: (parameter: Parameters[K]) => Members<MembersOf<K>>
} = {
  pss: ({ hashAlg, mgf, saltLength }) => ({
    hash: hashOf(hashAlg),
    mgf: mgfOf(mgf),
    'salt-length': saltLength,
  }),
  oaep: oaepMembers,
  'rsa-aes': ({ keyBits, oaep }) => ({ ...oaepMembers(oaep), 'aes-key-bits': aesKeyBits(keyBits) }),
  ecdh({ kdf: type, sharedData, publicData }) {
    const kdf = kdfOf(type)
    if (kdf === 'none' && sharedData.length > 0) refuse(CKR.MECHANISM_PARAM_INVALID)
    return {
      kdf,
      'public-point': copy(publicData),
      ...(kdf !== 'none' && { 'shared-info': copy(sharedData) }),
    }
  },
  iv: ({ iv }) => ({ iv: copy(iv) }),
  ctr: ({ counterBits, block }) => ({ 'counter-block': copy(block), 'counter-bits': counterBits }),
  /** `ivBits` is left 0 by many callers, so the length of the IV is what counts. */
  gcm: ({ iv, aad, tagBits }) => ({ iv: copy(iv), aad: copy(aad), 'tag-length-bits': tagLength(tagBits) }),
  'cloudhsm-gcm'({ iv, aad, tagBits }) {
    if (iv.length > 0)
      refuse(CKR.MECHANISM_PARAM_INVALID, 'pIv must be NULL: the IV is in front of the ciphertext')
    return { aad: copy(aad), 'tag-length-bits': tagLength(tagBits) }
  },
  'mac-length': ({ length }) => ({ 'mac-length': length }),
}

/** Throws CKR_MECHANISM_PARAM_INVALID for another parameter, or none, or a value that the HSM has no word for. */
export const membersOf = <K extends Kind>(kind: K, given: CallerMechanism): Members<MembersOf<K>> =>
  MEMBERS[kind](parameterOf(given, kind))
