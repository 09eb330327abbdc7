/** Parsed keys, so that using a key again needs no unsealing; bounded, and cleared with the rights that filled it. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { type MaybePromise, whenOver } from '../../base/maybe-promise.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import { familyOf, readPrivateKey, readPublicKey } from '../../crypto/key-family.ts'
import { openMacKey } from '../../crypto/macs.ts'
import type { Sealer } from '../../crypto/seal.ts'
import { materialContext } from '../../crypto/sealed-fields.ts'
import { openSigningKey, openVerifyingKey } from '../../crypto/signing.ts'
import type { SigningKey, VerifyingKey } from '../../crypto/signing-keys.ts'
import type { KeyRecord } from '../../model/records.ts'
import type { SessionEnds } from '../../session/sessions.ts'
import type { Materials } from './materials.ts'

/**
 * Runs `body` with what it opens of a key; that stays open at least until `body` has ended. The material must be there, since whoever
 * uses a key has a ticket, for which others wait: `toRead` says what is to be read before. Throws HsmError `busy` when it is gone again.
 */
type Lend<K> = <R>(key: KeyRecord, session: string, body: (opened: K) => MaybePromise<R>) => MaybePromise<R>

export interface Keyring {
  /**
   * Resolves when what a key is used with has been read; undefined when nothing must be.
   *
   * @param inClear for `withMaterial`, which asks for it each time
   * @throws HsmError as `Store.material` does
   */
  toRead(key: KeyRecord, inClear: boolean): Promise<unknown> | undefined
  /** Private and secret keys. */
  readonly withSigningKey: Lend<SigningKey>
  /** Public and secret keys. */
  readonly withVerifyingKey: Lend<VerifyingKey>
  /** Every key, for what node:crypto does with it: to encrypt, decrypt and agree. */
  readonly withKeyObject: Lend<KeyObject>
  /**
   * The bytes of a key in clear, to wrap, copy or export it: raw, PKCS #8 DER or SubjectPublicKeyInfo DER. Never
   * kept, and wiped when `body` has ended.
   */
  withMaterial<R>(key: KeyRecord, body: (material: Buffer) => MaybePromise<R>): MaybePromise<R>
  /** Forgets a key: it was deleted, or someone lost the right to use it. */
  drop(reference: string): void
  close(): void
}

/** A secret key has all of it, a private key nothing to verify with, a public key nothing to sign with. */
type OpenKey = {
  readonly object: KeyObject
  readonly signing?: SigningKey
  readonly verifying?: VerifyingKey
}

type Entry = {
  readonly opened: OpenKey
  readonly sessions: Set<string>
  inUse: number
  dropped: boolean
}

export type KeyringNeeds = {
  readonly sealer: Sealer
  readonly materials: Pick<Materials, 'of' | 'toRead'>
  readonly sessions: SessionEnds
}

/** Forgets with a session the keys that it alone has used. */
export function createKeyring({ sealer, materials, sessions }: KeyringNeeds): Keyring {
  function materialOf(key: KeyRecord): string {
    const material = materials.of(key)
    if (!(material instanceof Promise)) return material
    material.catch(() => undefined)
    throw new HsmError('busy')
  }
  const entries = createEntries((key) => open(sealer, key, materialOf(key)))
  sessions.onEnd(({ id }) => entries.leave(id))

  const lend =
    <K>(pick: (opened: OpenKey) => K | undefined): Lend<K> =>
    (key, session, body) => {
      const entry = entries.take(key)
      entry.sessions.add(session)
      entry.inUse += 1
      return whenOver(
        () => {
          const picked = pick(entry.opened)
          if (picked !== undefined) return body(picked)
          throw new HsmError('key-type', `A ${key.keyClass} cannot be used for this`)
        },
        () => {
          entry.inUse -= 1
          closeUnused(entry)
        },
      )
    }

  return {
    toRead: (key, inClear) => (entries.has(key) && !inClear ? undefined : materials.toRead(key)),
    withSigningKey: lend(({ signing }) => signing),
    withVerifyingKey: lend(({ verifying }) => verifying),
    withKeyObject: lend(({ object }) => object),
    withMaterial(key, body) {
      const material = openMaterial(sealer, key, materialOf(key))
      return whenOver(
        () => body(material),
        () => void material.fill(0),
      )
    },
    drop: entries.drop,
    close: entries.dropAll,
  }
}

/** The keys that are open. */
function createEntries(open: (key: KeyRecord) => OpenKey) {
  /** In the order of last use, oldest first. */
  const entries = new Map<string, Entry>()
  /** The one that was used last, which is mostly the one that is used next: it stays where it is. */
  let newest: Entry | undefined

  function drop(reference: string): void {
    const entry = entries.get(reference)
    if (!entry) return
    entries.delete(reference)
    if (entry === newest) newest = undefined
    entry.dropped = true
    closeUnused(entry)
  }

  return {
    drop,
    has: ({ id }: KeyRecord): boolean => entries.has(id),
    take(key: KeyRecord): Entry {
      const known = entries.get(key.id)
      if (known && known === newest) return known
      const entry = known ?? { opened: open(key), sessions: new Set(), inUse: 0, dropped: false }
      newest = entry
      entries.delete(key.id)
      entries.set(key.id, entry)
      const [oldest] = entries.keys()
      if (entries.size > LIMITS.openKeys && oldest !== undefined) drop(oldest)
      return entry
    },
    /** The session has ended. */
    leave(session: string): void {
      for (const [reference, entry] of entries) {
        if (entry.sessions.delete(session) && entry.sessions.size === 0) drop(reference)
      }
    },
    dropAll(): void {
      for (const reference of [...entries.keys()]) drop(reference)
    },
  }
}

function closeUnused({ dropped, inUse, opened }: Entry): void {
  if (dropped && inUse === 0) opened.signing?.close()
}

function open(sealer: Sealer, key: KeyRecord, sealed: string): OpenKey {
  const material = openMaterial(sealer, key, sealed)
  const family = familyOf(key)
  if (family && key.keyClass === 'public-key') {
    const object = readPublicKey(family, material)
    return { object, verifying: openVerifyingKey(family, object, material) }
  }
  try {
    if (family) {
      const object = readPrivateKey(family, material)
      return { object, signing: openSigningKey(family, object) }
    }
    const object = createSecretKey(material)
    const mac = openMacKey(key.keyType, object)
    return { object, signing: mac, verifying: mac }
  } finally {
    material.fill(0)
  }
}

/** In clear; the caller's to wipe. Throws `store-damaged`. @param sealed base64, as the record has it */
export function openMaterial(sealer: Sealer, key: KeyRecord, sealed: string): Buffer {
  const material = Buffer.from(sealed, 'base64')
  if (key.keyClass === 'public-key') return material
  try {
    return sealer.open(material, materialContext(key))
  } catch (cause) {
    throw new HsmError('store-damaged', `The material of key ${key.id} cannot be opened`, { cause })
  }
}
