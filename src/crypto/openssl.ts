/**
 * Signing and verifying of values that are hashed already, which node:crypto does not offer: EVP_PKEY_sign and
 * EVP_PKEY_verify of the OpenSSL inside the node binary. The only file that uses node:ffi.
 */
import type { KeyObject } from 'node:crypto'
import type { Hash } from '../contract/mechanisms.ts'

/** Parameters of RSASSA-PSS (RFC 8017 §8.1); the mask generation function uses the same hash. */
export type Pss = { readonly hash: Hash; readonly saltLength: number }

/** A private key that OpenSSL can use this way. */
export type NativeKey = {
  /** @returns for EC the DER `ECDSA-Sig-Value` (RFC 3279 §2.2.3), for RSA with `pss` as long as the modulus */
  sign(digest: Uint8Array, pss?: Pss): Buffer
  /** Lets go of the key; to sign afterwards is an error. */
  close(): void
}

const RSA_PKCS1_PSS_PADDING = 6
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
  EVP_PKEY_CTX_set_rsa_padding: { arguments: ['pointer', 'i32'], return: 'i32' },
  EVP_PKEY_CTX_set_signature_md: { arguments: ['pointer', 'pointer'], return: 'i32' },
  EVP_PKEY_CTX_set_rsa_pss_saltlen: { arguments: ['pointer', 'i32'], return: 'i32' },
  EVP_get_digestbyname: { arguments: ['string'], return: 'pointer' },
  ERR_clear_error: { arguments: [], return: 'void' },
} as const

const openssl = load()

/** Undefined where Node has no FFI, does not permit it, or does not show its OpenSSL's symbols. */
function load() {
  try {
    const { dlopen, getRawPointer } = process.getBuiltinModule('node:ffi')
    return { ...dlopen(null, SIGNATURES), getRawPointer }
  } catch {
    return undefined
  }
}

/** Whether this file can do its work in this process. */
export const opensslAvailable = (): boolean => openssl !== undefined

/** From its first signature on, a copy of the key is kept outside the JavaScript heap until it is closed. */
export function nativeKey(key: KeyObject): NativeKey {
  let source: KeyObject | undefined = key
  let handle = NULL
  return {
    sign(digest, pss) {
      if (!source) throw new Error('The key is closed')
      if (handle === NULL) handle = copyPrivateKey(source)
      return signDigest(handle, digest, pss)
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
  pss?: Pss,
): boolean {
  const { functions } = loaded()
  const handle = decode('d2i_PUBKEY', spki)
  try {
    return withContext(handle, 'EVP_PKEY_verify_init', pss, (context) => {
      const [signatureLength, digestLength] = [BigInt(signature.length), BigInt(digest.length)]
      return functions.EVP_PKEY_verify(context, signature, signatureLength, digest, digestLength) === 1
    })
  } finally {
    functions.EVP_PKEY_free(handle)
  }
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

function signDigest(handle: bigint, digest: Uint8Array, pss: Pss | undefined): Buffer {
  const { functions } = loaded()
  return withContext(handle, 'EVP_PKEY_sign_init', pss, (context) => {
    const signature = Buffer.allocUnsafe(functions.EVP_PKEY_get_size(handle))
    const length = new BigUint64Array([BigInt(signature.length)])
    must(functions.EVP_PKEY_sign(context, signature, length, digest, BigInt(digest.length)))
    return signature.subarray(0, Number(length[0]))
  })
}

/** Leaves neither the context nor an entry in OpenSSL's error queue behind. */
function withContext<R>(
  handle: bigint,
  init: 'EVP_PKEY_sign_init' | 'EVP_PKEY_verify_init',
  pss: Pss | undefined,
  body: (context: bigint) => R,
): R {
  const { functions } = loaded()
  const context = functions.EVP_PKEY_CTX_new(handle, null)
  try {
    must(context === NULL ? 0 : functions[init](context))
    if (pss) setPss(context, pss)
    return body(context)
  } finally {
    functions.EVP_PKEY_CTX_free(context)
    functions.ERR_clear_error()
  }
}

/** The mask generation function follows the hash of the signature unless it is set (EVP_PKEY_CTX_ctrl(3)). */
function setPss(context: bigint, { hash, saltLength }: Pss): void {
  const { functions } = loaded()
  const digest = functions.EVP_get_digestbyname(hash)
  must(functions.EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING))
  must(functions.EVP_PKEY_CTX_set_signature_md(context, digest))
  must(functions.EVP_PKEY_CTX_set_rsa_pss_saltlen(context, saltLength))
}

function must(result: number): void {
  if (result !== 1) throw new Error('OpenSSL refused the operation')
}
