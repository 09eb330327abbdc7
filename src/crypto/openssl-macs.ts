/** HMAC with a context that is kept between messages: to make one takes longer than the MAC of a short message. */
import type { KeyObject } from 'node:crypto'
import { HASH_NAMES, type Hash } from '../contract/algorithms.ts'
import {
  freeContext,
  keptContext,
  loaded,
  must,
  NULL,
  nativeMemory,
  oneParameter,
  reading,
  written,
} from './openssl.ts'

/** A secret key that OpenSSL can use this way. */
export type NativeHmac = {
  /** @param message of {@link NATIVE_MESSAGE_BYTES} at the most @returns as long as the hash value */
  mac(hash: Hash, message: Uint8Array): Buffer
  /** Lets go of the key; to make a MAC afterwards is an error. */
  close(): void
}

/** A longer message takes so much time that a context more or less is not noticed. */
export const NATIVE_MESSAGE_BYTES = 4096

/** For one call at a time. */
const [messageMemory, macMemory] = [nativeMemory(NATIVE_MESSAGE_BYTES), nativeMemory(64)]

/** EVP_MAC-HMAC(7) is told the hash function by its name. */
const DIGESTS = Object.fromEntries(
  HASH_NAMES.map((hash) => [hash, oneParameter('digest', hash)]),
) as Readonly<Record<Hash, ReturnType<typeof oneParameter>>>

/** EVP_MAC for HMAC; fetched once, as it lives as long as the process. */
let algorithm = NULL

/** From its first MAC on, a copy of the key is kept outside the JavaScript heap until it is closed. */
export function nativeHmac(key: KeyObject): NativeHmac {
  let source: KeyObject | undefined = key
  /** An EVP_MAC_CTX that has the key, for the hash function that was used last: programs use one with a key. */
  const context = keptContext(freeMacContext)
  let contextHash: Hash | undefined

  return {
    mac(hash, message) {
      const secret = source
      if (!secret) throw new Error('The key is closed')
      if (hash !== contextHash) context.end()
      contextHash = hash
      return context.use(
        () => newContext(hash, secret),
        (made) => macIn(made, message),
      )
    },
    close() {
      source = undefined
      context.end()
    },
  }
}

const freeMacContext = (context: bigint): void => freeContext(context, 'EVP_MAC_CTX_free')

function newContext(hash: Hash, key: KeyObject): bigint {
  const { functions } = loaded()
  if (algorithm === NULL) algorithm = functions.EVP_MAC_fetch(null, 'HMAC', null)
  const context = algorithm === NULL ? NULL : functions.EVP_MAC_CTX_new(algorithm)
  try {
    must(context === NULL ? 0 : 1)
    setKey(context, hash, key)
    return context
  } catch (error) {
    freeMacContext(context)
    throw error
  }
}

function setKey(context: bigint, hash: Hash, key: KeyObject): void {
  const secret = key.export()
  // One byte at least: OpenSSL takes no pointer at all for no key.
  const { bytes, pointer } = nativeMemory(secret.length || 1)
  bytes.set(secret)
  try {
    const { EVP_MAC_init } = loaded().functions
    must(reading([bytes], () => EVP_MAC_init(context, pointer, BigInt(secret.length), DIGESTS[hash].pointer)))
  } finally {
    bytes.fill(0)
    secret.fill(0)
  }
}

/** @param context begins anew with the key that it has */
function macIn(context: bigint, message: Uint8Array): Buffer {
  const { EVP_MAC_final, EVP_MAC_init, EVP_MAC_update } = loaded().functions
  messageMemory.bytes.set(message)
  try {
    must(EVP_MAC_init(context, null, 0n, null))
    must(EVP_MAC_update(context, messageMemory.pointer, BigInt(message.length)))
  } finally {
    messageMemory.bytes.fill(0, 0, message.length)
  }
  const room = BigInt(macMemory.bytes.length)
  const mac = written(macMemory, (length) => EVP_MAC_final(context, macMemory.pointer, length, room))
  const copy = Buffer.from(mac)
  mac.fill(0)
  return copy
}
