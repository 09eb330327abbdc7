/** Every mechanism there is, in all forms that a rule could tell apart: what a right to use a key is tried with. */
import type { Cipher } from '../../contract/ciphers.ts'
import { HASH_NAMES, type Mechanism } from '../../contract/mechanisms.ts'
import type { Wrapping } from '../../contract/wrapping.ts'

const raw = 'raw' as const

export const SIGNING: readonly Mechanism[] = [
  ...HASH_NAMES.flatMap((hash): readonly Mechanism[] => [
    { name: 'ecdsa', hash, input: raw },
    { name: 'rsa-pkcs', hash, input: raw },
    { name: 'rsa-pkcs-pss', hash, input: raw, mgf: `mgf1-${hash}`, 'salt-length': 0 },
    { name: 'hmac', hash },
  ]),
  { name: 'ecdsa-prehashed' },
  { name: 'rsa-pkcs-unhashed' },
  { name: 'rsa-x509' },
  { name: 'ed25519' },
  { name: 'ed25519ph', input: raw },
  { name: 'ml-dsa', input: raw },
  { name: 'aes-cmac' },
]

export const CIPHERS: readonly Cipher[] = [
  { name: 'aes-ecb' },
  { name: 'aes-cbc', iv: '' },
  { name: 'aes-cbc-pad', iv: '' },
  { name: 'aes-ctr', 'counter-block': '', 'counter-bits': 128 },
  { name: 'aes-gcm', 'tag-length-bits': 128 },
  { name: 'des3-ecb' },
  { name: 'des3-cbc', iv: '' },
  { name: 'des3-cbc-pad', iv: '' },
  { name: 'rsa-pkcs' },
  ...HASH_NAMES.map((hash): Cipher => ({ name: 'rsa-oaep', hash, mgf: `mgf1-${hash}` })),
  { name: 'rsa-x509' },
]

export const WRAPPINGS: readonly Wrapping[] = [
  ...([128, 32] as const).flatMap((bits): readonly Wrapping[] => [
    { name: 'aes-gcm', 'tag-length-bits': bits },
    { name: 'cloudhsm-aes-gcm', 'tag-length-bits': bits },
  ]),
  { name: 'aes-gcm', iv: '', 'tag-length-bits': 128 },
  { name: 'aes-no-pad' },
  { name: 'aes-pkcs5-pad' },
  { name: 'aes-zero-pad' },
  ...HASH_NAMES.flatMap((hash): readonly Wrapping[] => [
    { name: 'rsa-aes', hash, mgf: `mgf1-${hash}` },
    { name: 'rsa-oaep', hash, mgf: `mgf1-${hash}` },
  ]),
  { name: 'rsa-pkcs' },
]
