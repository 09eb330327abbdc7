/** Parsed keys, so that using a key again needs no unsealing; bounded, and cleared with the rights that filled it. */
import { HsmError } from '../contract/errors.ts'
import { LIMITS } from '../contract/limits.ts'
import type { Sealer } from '../crypto/seal.ts'
import { openSigningKey, openVerifyingKey, type SigningKey, type VerifyingKey } from '../crypto/signing.ts'
import type { KeyRecord } from '../model/records.ts'

export interface Keyring {
  /** Runs `body` with the parsed private key, which stays open at least until `body` has ended. */
  withSigningKey<R>(key: KeyRecord, session: string, body: (key: SigningKey) => Promise<R>): Promise<R>
  verifyingKey(key: KeyRecord): VerifyingKey
  /** Forgets a key: it was deleted, or someone lost the right to use it. */
  drop(reference: string): void
  /** Forgets the keys that only this session has used. */
  endSession(session: string): void
  close(): void
}

type Entry = { readonly key: SigningKey; readonly sessions: Set<string>; inUse: number; dropped: boolean }

/** Context of the inner seal: material cannot be moved to another key, nor a private key to a secret one. */
export const materialContext = (key: Pick<KeyRecord, 'id' | 'keyType' | 'keyClass'>): string =>
  `material/${key.id}/${key.keyType}/${key.keyClass}`

export function createKeyring(sealer: Sealer): Keyring {
  /** In the order of last use, oldest first. */
  const entries = new Map<string, Entry>()

  function drop(reference: string): void {
    const entry = entries.get(reference)
    if (!entry) return
    entries.delete(reference)
    entry.dropped = true
    if (entry.inUse === 0) entry.key.close()
  }

  function take(key: KeyRecord): Entry {
    const entry = entries.get(key.id) ?? {
      key: unseal(sealer, key),
      sessions: new Set<string>(),
      inUse: 0,
      dropped: false,
    }
    entries.delete(key.id)
    entries.set(key.id, entry)
    const [oldest] = entries.keys()
    if (entries.size > LIMITS.openKeys && oldest !== undefined) drop(oldest)
    return entry
  }

  return {
    async withSigningKey(key, session, body) {
      const entry = take(key)
      entry.sessions.add(session)
      entry.inUse += 1
      try {
        return await body(entry.key)
      } finally {
        entry.inUse -= 1
        if (entry.dropped && entry.inUse === 0) entry.key.close()
      }
    },
    verifyingKey: (key) =>
      openVerifyingKey(asymmetric(key), key.ec?.curve, Buffer.from(key.material, 'base64')),
    drop,
    endSession(session) {
      for (const [reference, entry] of entries) {
        if (entry.sessions.delete(session) && entry.sessions.size === 0) drop(reference)
      }
    },
    close() {
      for (const reference of [...entries.keys()]) drop(reference)
    },
  }
}

function unseal(sealer: Sealer, key: KeyRecord): SigningKey {
  const pkcs8 = openMaterial(sealer, key)
  try {
    return openSigningKey(asymmetric(key), key.ec?.curve, pkcs8)
  } finally {
    pkcs8.fill(0)
  }
}

function openMaterial(sealer: Sealer, key: KeyRecord): Buffer {
  try {
    return sealer.open(Buffer.from(key.material, 'base64'), materialContext(key))
  } catch (cause) {
    throw new HsmError('store-damaged', `The material of key ${key.id} cannot be opened`, { cause })
  }
}

function asymmetric(key: KeyRecord): 'rsa' | 'ec' {
  if (key.keyType === 'rsa' || key.keyType === 'ec') return key.keyType
  throw new HsmError('key-type', `A key of type ${key.keyType} cannot sign or verify here`)
}
