/** Parsed keys, so that using a key again needs no unsealing; bounded, and cleared with the rights that filled it. */
import { HsmError } from '../contract/errors.ts'
import { LIMITS } from '../contract/limits.ts'
import type { Sealer } from '../crypto/seal.ts'
import { openSigningKey, openVerifyingKey, type SigningKey, type VerifyingKey } from '../crypto/signing.ts'
import type { KeyRecord } from '../model/records.ts'

/** Each runs `body` with the parsed key, which stays open at least until `body` has ended. */
export interface Keyring {
  withSigningKey<R>(key: KeyRecord, session: string, body: (key: SigningKey) => Promise<R>): Promise<R>
  withVerifyingKey<R>(key: KeyRecord, session: string, body: (key: VerifyingKey) => Promise<R>): Promise<R>
  /** Forgets a key: it was deleted, or someone lost the right to use it. */
  drop(reference: string): void
  /** Forgets the keys that only this session has used. */
  endSession(session: string): void
  close(): void
}

/** @template K by the class of the key: a reference always leads to the same kind */
type Entry<K> = {
  readonly key: K
  readonly close: () => void
  readonly sessions: Set<string>
  inUse: number
  dropped: boolean
}

/** Context of the inner seal: material cannot be moved to another key, nor a private key to a secret one. */
export const materialContext = (key: Pick<KeyRecord, 'id' | 'keyType' | 'keyClass'>): string =>
  `material/${key.id}/${key.keyType}/${key.keyClass}`

export function createKeyring(sealer: Sealer): Keyring {
  /** In the order of last use, oldest first. */
  const entries = new Map<string, Entry<unknown>>()

  function drop(reference: string): void {
    const entry = entries.get(reference)
    if (!entry) return
    entries.delete(reference)
    entry.dropped = true
    if (entry.inUse === 0) entry.close()
  }

  function take<K>(reference: string, open: () => Pick<Entry<K>, 'key' | 'close'>): Entry<K> {
    const found = entries.get(reference) as Entry<K> | undefined
    const entry = found ?? { ...open(), sessions: new Set<string>(), inUse: 0, dropped: false }
    entries.delete(reference)
    entries.set(reference, entry)
    const [oldest] = entries.keys()
    if (entries.size > LIMITS.openKeys && oldest !== undefined) drop(oldest)
    return entry
  }

  async function lend<K, R>(entry: Entry<K>, session: string, body: (key: K) => Promise<R>): Promise<R> {
    entry.sessions.add(session)
    entry.inUse += 1
    try {
      return await body(entry.key)
    } finally {
      entry.inUse -= 1
      if (entry.dropped && entry.inUse === 0) entry.close()
    }
  }

  return {
    withSigningKey: (key, session, body) =>
      lend(
        take(key.id, () => {
          const opened = unseal(sealer, key)
          return { key: opened, close: () => opened.close() }
        }),
        session,
        body,
      ),
    withVerifyingKey: (key, session, body) =>
      lend(
        take(key.id, () => ({ key: verifyingKey(key), close: () => undefined })),
        session,
        body,
      ),
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

const verifyingKey = (key: KeyRecord): VerifyingKey =>
  openVerifyingKey(asymmetric(key), key.ec?.curve, Buffer.from(key.material, 'base64'))

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
  throw new HsmError('key-type', `A key of type ${key.keyType} cannot sign or verify`)
}
