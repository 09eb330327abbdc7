/**
 * The OpenSSL inside the node binary, for what node:crypto does not offer: its functions, and what has to be minded when
 * they are called. Besides `rsa-check.ts`, which has a thread of its own, the only file of crypto/ that uses node:ffi.
 */
import type { KeyObject } from 'node:crypto'

export const NULL = 0n

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
  EVP_MAC_fetch: { arguments: ['pointer', 'string', 'pointer'], return: 'pointer' },
  EVP_MAC_CTX_new: { arguments: ['pointer'], return: 'pointer' },
  EVP_MAC_CTX_free: { arguments: ['pointer'], return: 'void' },
  EVP_MAC_init: { arguments: ['pointer', 'pointer', 'u64', 'pointer'], return: 'i32' },
  EVP_MAC_update: { arguments: ['pointer', 'pointer', 'u64'], return: 'i32' },
  EVP_MAC_final: { arguments: ['pointer', 'pointer', 'pointer', 'u64'], return: 'i32' },
  ERR_clear_error: { arguments: [], return: 'void' },
} as const

const openssl = load()

/** Memory that OpenSSL can be pointed to. Only an ArrayBuffer has it: V8 keeps a small Buffer in its heap, and moves it. */
export type NativeMemory = { readonly bytes: Buffer<ArrayBuffer>; readonly pointer: bigint }

/** The pointer is good for as long as what this returns is kept. */
export function nativeMemory(length: number): NativeMemory {
  const bytes = Buffer.from(new ArrayBuffer(length))
  return { bytes, pointer: openssl?.getRawPointer(bytes) ?? NULL }
}

function nativeWord() {
  const { bytes, pointer } = nativeMemory(8)
  return { word: new BigUint64Array(bytes.buffer), pointer }
}

/** A `size_t`, for one call at a time: how long a result may be and, after the call, how long it is. */
const resultLength = nativeWord()
/** Where a decoder has come to; for one call at a time. */
const decoding = nativeWord()

const beingRead: Uint8Array[] = []

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

/** Throws where {@link opensslAvailable} is false. */
export function loaded() {
  if (!openssl) throw new Error('node:ffi is not available')
  return openssl
}

/**
 * Keeps alive what a call reads. A pointer does not, and node:ffi makes pointers of the views that it is given before it
 * calls: one that nobody needs afterwards could be collected, and its memory given away, under the call.
 */
export function reading<R>(bytes: readonly Uint8Array[], call: () => R): R {
  beingRead.push(...bytes)
  try {
    return call()
  } finally {
    beingRead.length = 0
  }
}

/** @returns an EVP_PKEY, to be freed by the caller */
export function copyPrivateKey(key: KeyObject): bigint {
  const pkcs8 = key.export({ type: 'pkcs8', format: 'der' })
  try {
    return decode('d2i_AutoPrivateKey', pkcs8)
  } finally {
    pkcs8.fill(0)
  }
}

/** @returns an EVP_PKEY, to be freed by the caller */
export function decode(decoder: 'd2i_AutoPrivateKey' | 'd2i_PUBKEY', der: Uint8Array): bigint {
  const { functions, getRawPointer } = loaded()
  const handle = reading([der], () => {
    // The decoder moves this pointer past what it has read.
    decoding.word[0] = getRawPointer(der)
    return functions[decoder](null, decoding.pointer, BigInt(der.length))
  })
  if (handle !== NULL) return handle
  functions.ERR_clear_error()
  throw new Error(`OpenSSL cannot read a key of ${der.length} bytes`)
}

/** Sets a new EVP_PKEY_CTX to work; 1 when that went well. */
export type Begin = (context: bigint) => number

/** Leaves neither the context nor an entry in OpenSSL's error queue behind. */
export function withContext<R>(handle: bigint, begin: Begin, body: (context: bigint) => R): R {
  const context = newContext(handle, begin)
  try {
    return body(context)
  } finally {
    freeContext(context)
  }
}

/** @returns an EVP_PKEY_CTX, to be freed by the caller */
export function newContext(handle: bigint, begin: Begin): bigint {
  const context = loaded().functions.EVP_PKEY_CTX_new(handle, null)
  try {
    must(context === NULL ? 0 : begin(context))
    return context
  } catch (error) {
    freeContext(context)
    throw error
  }
}

/** Clears OpenSSL's error queue, too: node:crypto would stumble over what is left there. */
export function freeContext(
  context: bigint,
  free: 'EVP_PKEY_CTX_free' | 'EVP_MAC_CTX_free' = 'EVP_PKEY_CTX_free',
): void {
  const { functions } = loaded()
  functions[free](context)
  functions.ERR_clear_error()
}

/** A context that is kept from one use to the next. */
export type KeptContext = {
  /** @param make called when there is none */
  use<R>(make: () => bigint, work: (context: bigint) => R): R
  end(): void
}

/** None at first. One that failed is not used again: OpenSSL does not say what a failure leaves in it. */
export function keptContext(free: (context: bigint) => void): KeptContext {
  let context = NULL
  function end(): void {
    if (context !== NULL) free(context)
    context = NULL
  }
  return {
    use(make, work) {
      if (context === NULL) context = make()
      try {
        return work(context)
      } catch (error) {
        end()
        throw error
      }
    },
    end,
  }
}

/**
 * Lets OpenSSL write a result.
 *
 * @param call gets a pointer to the length, and says 1 when it went well
 * @returns the part of `memory` that was written
 */
export function written(memory: NativeMemory, call: (length: bigint) => number): Buffer {
  resultLength.word[0] = BigInt(memory.bytes.length)
  must(call(resultLength.pointer))
  return memory.bytes.subarray(0, Number(resultLength.word[0]))
}

/** Throws unless OpenSSL says 1. */
export function must(result: number): void {
  if (result !== 1) throw new Error('OpenSSL refused the operation')
}

const OSSL_PARAM_INTEGER = 1n
const OSSL_PARAM_UTF8_STRING = 4n
const OSSL_PARAM_UNMODIFIED = 0xffff_ffff_ffff_ffffn

/**
 * An array of one OSSL_PARAM and the end mark (OSSL_PARAM(3)): name, type, value, size of the value, size returned.
 *
 * @returns `memory` is what it points to, and is kept with it
 */
export function oneParameter(name: string, value: number | string) {
  const memory = { name: text(name), value: typeof value === 'string' ? text(value) : integer(value) }
  const [type, size] =
    typeof value === 'string' ? [OSSL_PARAM_UTF8_STRING, value.length] : [OSSL_PARAM_INTEGER, 4]
  const parameters = nativeMemory(2 * 5 * 8)
  const words = [memory.name.pointer, type, memory.value.pointer, BigInt(size), OSSL_PARAM_UNMODIFIED]
  for (const [at, word] of words.entries()) parameters.bytes.writeBigUInt64LE(word, at * 8)
  return { memory, ...parameters }
}

/** ASCII, with a zero behind it. */
function text(value: string): NativeMemory {
  const memory = nativeMemory(value.length + 1)
  memory.bytes.write(value)
  return memory
}

function integer(value: number): NativeMemory {
  const memory = nativeMemory(4)
  memory.bytes.writeInt32LE(value)
  return memory
}
