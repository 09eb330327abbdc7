/** What the attackers know: every byte they were given, and what they can compute from it outside of the HSM. */
import { createDecipheriv, type KeyObject, privateDecrypt } from 'node:crypto'
import type { Wrapping } from '../../../src/contract/mechanisms.ts'

/** How they came to know something. */
export type How = 'given' | 'shown' | 'decrypted' | 'opened' | 'same iv' | 'signed'

/** A wrapped key, and what of its making they know. */
export type Blob = {
  readonly bytes: Buffer
  readonly under: string
  readonly payload: string
  readonly mechanism: Wrapping
  /** Of `aes-gcm`. */
  readonly iv: Buffer | undefined
}

export type Knowledge = ReturnType<typeof createKnowledge>

const IV_BYTES = 12
const TAG_BYTES = 16
const AES_BYTES: readonly number[] = [16, 24, 32]

/** @param rsa private keys of their own, whose public halves they bring into the HSM */
export function createKnowledge(rsa: readonly KeyObject[]) {
  const items = new Map<string, Set<How>>()
  const aesKeys: Buffer[] = []
  const blobs: Blob[] = []
  /** Values of keys in the HSM, by reference. */
  const values = new Map<string, Buffer>()

  function learn(bytes: Buffer, how: How): void {
    note(bytes, how)
    if (how !== 'given') learnKey(bytes)
  }

  function note(bytes: Buffer, how: How): void {
    const name = bytes.toString('hex')
    items.set(name, (items.get(name) ?? new Set()).add(how))
  }

  /** Once each: keys that wrap each other would be opened for ever. */
  function learnKey(key: Buffer): void {
    if (!AES_BYTES.includes(key.length) || aesKeys.some((known) => known.equals(key))) return
    aesKeys.push(key)
    for (const blob of blobs) opened(key, blob)
  }

  function opened(key: Buffer, blob: Blob): void {
    const payload = attempt(() => openAes(key, blob))
    if (payload) learn(payload, 'opened')
  }

  /** Two ciphertexts of AES-GCM under one key and IV differ as the plaintexts do. */
  function compare(one: Blob, other: Blob): void {
    const known = values.get(one.payload)
    const isSame = one.under === other.under && one.iv !== undefined && other.iv?.equals(one.iv) === true
    if (!isSame || !known || one.bytes.length !== other.bytes.length) return
    const size = one.bytes.length - TAG_BYTES
    const difference = Buffer.from(
      known.subarray(0, size).map((byte, at) => byte ^ one.bytes.readUInt8(at) ^ other.bytes.readUInt8(at)),
    )
    learn(difference, 'same iv')
  }

  return {
    blobs: blobs as readonly Blob[],
    learn,
    /** The value of a key in the HSM. */
    learnValue(reference: string, value: Buffer, how: How): void {
      values.set(reference, value)
      note(value, how)
      learnKey(value)
    },
    knowsValue: (reference: string): boolean => values.has(reference),
    learnBlob(blob: Blob): void {
      learn(blob.bytes, 'given')
      for (const key of aesKeys) opened(key, blob)
      for (const key of rsa) {
        const payload = attempt(() => openRsa(key, blob))
        if (payload) learn(payload, 'opened')
      }
      for (const other of blobs) {
        compare(blob, other)
        compare(other, blob)
      }
      blobs.push(blob)
    },
    /** The ways they know this secret, or something that it is part of. */
    waysTo(secret: Buffer): readonly How[] {
      const name = secret.toString('hex')
      return [...items].flatMap(([item, ways]) => (item.includes(name) ? [...ways] : []))
    },
  }
}

function openAes(key: Buffer, { bytes, mechanism, iv }: Blob): Buffer | undefined {
  const bits = (key.length * 8) as 256
  switch (mechanism.name) {
    case 'aes-gcm':
    case 'cloudhsm-aes-gcm': {
      const nonce = iv ?? bytes.subarray(0, IV_BYTES)
      const sealed = iv === undefined ? bytes.subarray(IV_BYTES) : bytes
      const context = createDecipheriv(`aes-${bits}-gcm`, key, nonce)
      context.setAuthTag(sealed.subarray(-TAG_BYTES))
      return Buffer.concat([context.update(sealed.subarray(0, -TAG_BYTES)), context.final()])
    }
    case 'aes-no-pad':
    case 'aes-pkcs5-pad':
      return createDecipheriv(`id-aes${bits}-wrap`, key, Buffer.alloc(8, 0xa6)).update(bytes)
    case 'aes-zero-pad':
      return createDecipheriv(`id-aes${bits}-wrap-pad`, key, Buffer.from('a65959a6', 'hex')).update(bytes)
    default:
      return undefined
  }
}

const openRsa = (key: KeyObject, { bytes, mechanism }: Blob): Buffer | undefined =>
  mechanism.name === 'rsa-oaep' ? privateDecrypt({ key, oaepHash: 'sha256' }, bytes) : undefined

/** Most of them were made under another key. */
function attempt<R>(work: () => R): R | undefined {
  try {
    return work()
  } catch {
    return undefined
  }
}
