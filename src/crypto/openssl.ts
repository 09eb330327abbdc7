/**
 * What node:crypto does not offer of the OpenSSL inside the node binary: to sign and verify values that are hashed
 * already, and OAEP with two hash functions. Besides `rsa-check.ts`, which has a thread of its own, the only file of
 * crypto/ that uses node:ffi.
 */
import type { KeyObject } from 'node:crypto'
import type { Hash, MlDsaAlgorithm } from '../contract/algorithms.ts'

/** How to sign where the key alone does not say it. */
export type Scheme =
  /** RSASSA-PSS (RFC 8017 §8.1); the mask generation function uses the same hash. */
  | { readonly name: 'pss'; readonly hash: Hash; readonly saltLength: number }
  /** Ed25519ph with an empty context (RFC 8032 §5.1); the digest is SHA-512. */
  | { readonly name: 'ed25519ph' }
  /** ML-DSA from line 7 of Algorithm 7 of FIPS 204 on; the digest is mu. */
  | { readonly name: 'external-mu'; readonly algorithm: MlDsaAlgorithm }

/** A private key that OpenSSL can use this way. */
export type NativeKey = {
  /** @returns for EC the DER `ECDSA-Sig-Value` (RFC 3279 §2.2.3), for RSA with PSS as long as the modulus */
  sign(digest: Uint8Array, scheme?: Scheme): Buffer
  /** Lets go of the key; to sign afterwards is an error. */
  close(): void
}

const RSA_PKCS1_PSS_PADDING = 6
const OSSL_PARAM_INTEGER = 1n
const OSSL_PARAM_UNMODIFIED = 0xffff_ffff_ffff_ffffn
const NULL = 0n

// C types as they are on 64-bit Linux and macOS: long and size_t are 64 bits wide.
const SIGNATURES = {
  d2i_AutoPrivateKey: { arguments: ['pointer', 'pointer', 'i64'], return: 'pointer' },
  d2i_PUBKEY: { arguments: ['pointer', 'pointer', 'i64'], return: 'pointer' },
  EVP_PKEY_get_size: { arguments: ['pointer'], return: 'i32' },
  EVP_PKEY_free: { arguments: ['pointer'], return: 'void' },
  EVP_PKEY_CTX_new: { arguments: ['pointer', 'pointer'], return: 'pointer' },
  EVP_PKEY_CTX_free: { arguments: ['pointer'], return: 'void' },
  EVP_PKEY_sign_init: { arguments: ['pointer'], return: 'i32' },
  EVP_PKEY_sign: { arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'u64'], return: 'i32' },
  EVP_PKEY_verify_init: { arguments: ['pointer'], return: 'i32' },
  EVP_PKEY_verify: { arguments: ['pointer', 'pointer', 'u64', 'pointer', 'u64'], return: 'i32' },
  EVP_SIGNATURE_fetch: { arguments: ['pointer', 'string', 'pointer'], return: 'pointer' },
  EVP_PKEY_sign_init_ex2: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
  EVP_PKEY_verify_init_ex2: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
  EVP_PKEY_sign_message_init: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
  EVP_PKEY_verify_message_init: { arguments: ['pointer', 'pointer', 'pointer'], return: 'i32' },
  EVP_PKEY_encrypt_init: { arguments: ['pointer'], return: 'i32' },
  EVP_PKEY_encrypt: { arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'u64'], return: 'i32' },
  EVP_PKEY_decrypt_init: { arguments: ['pointer'], return: 'i32' },
  EVP_PKEY_decrypt: { arguments: ['pointer', 'pointer', 'pointer', 'pointer', 'u64'], return: 'i32' },
  EVP_PKEY_CTX_ctrl_str: { arguments: ['pointer', 'string', 'string'], return: 'i32' },
  EVP_PKEY_CTX_set_rsa_padding: { arguments: ['pointer', 'i32'], return: 'i32' },
  EVP_PKEY_CTX_set_signature_md: { arguments: ['pointer', 'pointer'], return: 'i32' },
  EVP_PKEY_CTX_set_rsa_pss_saltlen: { arguments: ['pointer', 'i32'], return: 'i32' },
  EVP_get_digestbyname: { arguments: ['string'], return: 'pointer' },
  ERR_clear_error: { arguments: [], return: 'void' },
} as const

const openssl = load()
/** `mu` = 1: what is signed is mu itself (EVP_SIGNATURE-ML-DSA(7)). */
const externalMu = integerParameter('mu', 1)

/** Undefined where Node has no FFI, does not permit it, or does not show its OpenSSL's symbols. */
function load() {
  try {
    const { dlopen, getRawPointer } = process.getBuiltinModule('node:ffi')
    return { ...dlopen(null, SIGNATURES), getRawPointer }
  } catch {
    return undefined
  }
}

/**
 * An array of one OSSL_PARAM and the end mark (OSSL_PARAM(3)): name, type, value, size of the value, size returned.
 * `memory` is what it points to, and has to live as long.
 */
function integerParameter(name: string, value: number) {
  const memory = { name: Buffer.from(`${name}\0`), value: Buffer.alloc(4) }
  const parameters = new BigUint64Array(2 * 5)
  if (!openssl) return { memory, parameters }
  memory.value.writeInt32LE(value)
  const [namePointer, valuePointer] = [
    openssl.getRawPointer(memory.name),
    openssl.getRawPointer(memory.value),
  ]
  parameters.set([namePointer, OSSL_PARAM_INTEGER, valuePointer, 4n, OSSL_PARAM_UNMODIFIED])
  return { memory, parameters }
}

/** Whether this file can do its work in this process. */
export const opensslAvailable = (): boolean => openssl !== undefined

/** From its first signature on, a copy of the key is kept outside the JavaScript heap until it is closed. */
export function nativeKey(key: KeyObject): NativeKey {
  let source: KeyObject | undefined = key
  let handle = NULL
  return {
    sign(digest, scheme) {
      if (!source) throw new Error('The key is closed')
      if (handle === NULL) handle = copyPrivateKey(source)
      return signDigest(handle, digest, scheme)
    },
    close() {
      source = undefined
      if (handle !== NULL) loaded().functions.EVP_PKEY_free(handle)
      handle = NULL
    },
  }
}

/**
 * @param spki DER SubjectPublicKeyInfo
 * @param signature in the form that {@link NativeKey} makes; whatever else it is, the answer is false
 */
export function verifyDigest(
  spki: Uint8Array,
  digest: Uint8Array,
  signature: Uint8Array,
  scheme?: Scheme,
): boolean {
  const { functions } = loaded()
  const handle = decode('d2i_PUBKEY', spki)
  try {
    return withContext(handle, beginWith('verify', scheme), (context) => {
      const [signatureLength, digestLength] = [BigInt(signature.length), BigInt(digest.length)]
      return functions.EVP_PKEY_verify(context, signature, signatureLength, digest, digestLength) === 1
    })
  } finally {
    functions.EVP_PKEY_free(handle)
  }
}

/** RSAES-OAEP (RFC 8017 §7.1) with one hash function for the label and another for MGF1. */
export type Oaep = { readonly hash: Hash; readonly mgfHash: Hash; readonly label: Buffer }

/** @param message short enough */
export function oaepEncrypt(key: KeyObject, oaep: Oaep, message: Uint8Array): Buffer {
  return oaepBlock(
    'encrypt',
    decode('d2i_PUBKEY', key.export({ type: 'spki', format: 'der' })),
    oaep,
    message,
  )
}

/** Throws, without saying why, for everything that was not encrypted so. */
export function oaepDecrypt(key: KeyObject, oaep: Oaep, ciphertext: Uint8Array): Buffer {
  return oaepBlock('decrypt', copyPrivateKey(key), oaep, ciphertext)
}

function oaepBlock(work: 'encrypt' | 'decrypt', handle: bigint, oaep: Oaep, input: Uint8Array): Buffer {
  const { functions } = loaded()
  try {
    return withContext(handle, beginOaep(work, oaep), (context) => {
      const output = Buffer.alloc(functions.EVP_PKEY_get_size(handle))
      const length = new BigUint64Array([BigInt(output.length)])
      must(functions[`EVP_PKEY_${work}`](context, output, length, input, BigInt(input.length)))
      return output.subarray(0, Number(length[0]))
    })
  } finally {
    functions.EVP_PKEY_free(handle)
  }
}

/** Parameters by the names that `openssl pkeyutl` takes them by (EVP_PKEY_CTX_ctrl_str(3)). */
const beginOaep =
  (work: 'encrypt' | 'decrypt', { hash, mgfHash, label }: Oaep) =>
  (context: bigint): number => {
    const { functions } = loaded()
    const set = (name: string, value: string) => functions.EVP_PKEY_CTX_ctrl_str(context, name, value)
    must(functions[`EVP_PKEY_${work}_init`](context))
    must(set('rsa_padding_mode', 'oaep'))
    must(set('rsa_oaep_md', hash))
    if (label.length > 0) must(set('rsa_oaep_label', label.toString('hex')))
    return set('rsa_mgf1_md', mgfHash)
  }

function loaded() {
  if (!openssl) throw new Error('node:ffi is not available')
  return openssl
}

function copyPrivateKey(key: KeyObject): bigint {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  try {
    return decode('d2i_AutoPrivateKey', pkcs8)
  } finally {
    pkcs8.fill(0)
  }
}

/** @returns an EVP_PKEY, to be freed by the caller */
function decode(decoder: 'd2i_AutoPrivateKey' | 'd2i_PUBKEY', der: Uint8Array): bigint {
  const { functions, getRawPointer } = loaded()
  // The decoder moves the pointer in this cell past what it has read.
  const cell = new BigUint64Array([getRawPointer(der)])
  const handle = functions[decoder](null, cell, BigInt(der.length))
  if (handle !== NULL) return handle
  functions.ERR_clear_error()
  // A raw pointer keeps nothing alive; that `der` is named down here does.
  throw new Error(`OpenSSL cannot read a key of ${der.length} bytes`)
}

function signDigest(handle: bigint, digest: Uint8Array, scheme: Scheme | undefined): Buffer {
  const { functions } = loaded()
  return withContext(handle, beginWith('sign', scheme), (context) => {
    const signature = Buffer.allocUnsafe(functions.EVP_PKEY_get_size(handle))
    const length = new BigUint64Array([BigInt(signature.length)])
    must(functions.EVP_PKEY_sign(context, signature, length, digest, BigInt(digest.length)))
    return signature.subarray(0, Number(length[0]))
  })
}

/** Leaves neither the context nor an entry in OpenSSL's error queue behind. */
function withContext<R>(handle: bigint, begin: (context: bigint) => number, body: (context: bigint) => R): R {
  const { functions } = loaded()
  const context = functions.EVP_PKEY_CTX_new(handle, null)
  try {
    must(context === NULL ? 0 : begin(context))
    return body(context)
  } finally {
    functions.EVP_PKEY_CTX_free(context)
    functions.ERR_clear_error()
  }
}

type Purpose = 'sign' | 'verify'

const beginWith = (purpose: Purpose, scheme: Scheme | undefined) => (context: bigint) =>
  begin(context, purpose, scheme)

/** What OpenSSL calls an instance of a signature algorithm works on a digest after `init_ex2` (EVP_SIGNATURE-ED25519(7)). */
function begin(context: bigint, purpose: Purpose, scheme: Scheme | undefined): number {
  const { functions } = loaded()
  switch (scheme?.name) {
    case undefined:
      return functions[`EVP_PKEY_${purpose}_init`](context)
    case 'pss':
      must(functions[`EVP_PKEY_${purpose}_init`](context))
      return setPss(context, scheme)
    case 'ed25519ph':
      return functions[`EVP_PKEY_${purpose}_init_ex2`](context, algorithm('ED25519ph'), null)
    case 'external-mu':
      return functions[`EVP_PKEY_${purpose}_message_init`](
        context,
        algorithm(scheme.algorithm),
        externalMu.parameters,
      )
  }
}

/** The mask generation function follows the hash of the signature unless it is set (EVP_PKEY_CTX_ctrl(3)). */
function setPss(context: bigint, { hash, saltLength }: Extract<Scheme, { name: 'pss' }>): number {
  const { functions } = loaded()
  const digest = functions.EVP_get_digestbyname(hash)
  must(functions.EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING))
  must(functions.EVP_PKEY_CTX_set_signature_md(context, digest))
  return functions.EVP_PKEY_CTX_set_rsa_pss_saltlen(context, saltLength)
}

/** Fetched once; they live as long as the process. */
const algorithms = new Map<string, bigint>()

function algorithm(name: 'ED25519ph' | MlDsaAlgorithm): bigint {
  const handle = algorithms.get(name) ?? loaded().functions.EVP_SIGNATURE_fetch(null, name, null)
  must(handle === NULL ? 0 : 1)
  algorithms.set(name, handle)
  return handle
}

function must(result: number): void {
  if (result !== 1) throw new Error('OpenSSL refused the operation')
}
