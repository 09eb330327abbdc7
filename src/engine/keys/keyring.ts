/** Parsed keys, so that using a key again needs no unsealing; bounded, and cleared with the rights that filled it. */
import { createSecretKey, type KeyObject } from 'node:crypto'
import { andThen, type MaybePromise, whenOver } from '../../base/maybe-promise.ts'
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

/** Runs `body` with what it opens of a key; that stays open at least until `body` has ended. */
type Lend<K> = <R>(key: KeyRecord, session: string, body: (opened: K) => MaybePromise<R>) => MaybePromise<R>

export interface Keyring {
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

/** A key that is being opened is in use. */
type Entry = {
  opened: MaybePromise<OpenKey>
  readonly sessions: Set<string>
  inUse: number
  dropped: boolean
}

export type KeyringNeeds = {
  readonly sealer: Sealer
  readonly materials: Pick<Materials, 'of'>
  readonly sessions: SessionEnds
}

/** Forgets with a session the keys that it alone has used. */
export function createKeyring({ sealer, materials, sessions }: KeyringNeeds): Keyring {
  const entries = createEntries((key) =>
    andThen(materials.of(key), (material) => open(sealer, key, material)),
  )
  sessions.onEnd(({ id }) => entries.leave(id))

  const lend =
    <K>(pick: (opened: OpenKey) => K | undefined): Lend<K> =>
    (key, session, body) => {
      const entry = entries.take(key)
      entry.sessions.add(session)
      entry.inUse += 1
      return whenOver(
        () =>
          andThen(entry.opened, (opened) => {
            const picked = pick(opened)
            if (picked !== undefined) return body(picked)
            throw new HsmError('key-type', `A ${key.keyClass} cannot be used for this`)
          }),
        () => {
          entry.inUse -= 1
          closeUnused(entry)
        },
      )
    }

  return {
    withSigningKey: lend(({ signing }) => signing),
    withVerifyingKey: lend(({ verifying }) => verifying),
    withKeyObject: lend(({ object }) => object),
    withMaterial: (key, body) =>
      andThen(materials.of(key), (sealed) => {
        const material = openMaterial(sealer, key, sealed)
        return whenOver(
          () => body(material),
          () => void material.fill(0),
        )
      }),
    drop: entries.drop,
    close: entries.dropAll,
  }
}

/** The keys that are open, or are being opened. */
function createEntries(open: (key: KeyRecord) => MaybePromise<OpenKey>) {
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

  /** Whoever wants the key meanwhile waits for the same reading; after one that has failed the next begins anew. */
  function newEntry(key: KeyRecord): Entry {
    const entry: Entry = { opened: open(key), sessions: new Set(), inUse: 0, dropped: false }
    if (entry.opened instanceof Promise)
      entry.opened.then(
        (opened) => {
          entry.opened = opened
        },
        () => {
          if (entries.get(key.id) === entry) drop(key.id)
        },
      )
    return entry
  }

  return {
    drop,
    take(key: KeyRecord): Entry {
      const known = entries.get(key.id)
      if (known && known === newest) return known
      const entry = known ?? newEntry(key)
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
  if (dropped && inUse === 0 && !(opened instanceof Promise)) opened.signing?.close()
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
