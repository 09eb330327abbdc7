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

type Entry = { readonly opened: OpenKey; readonly sessions: Set<string>; inUse: number; dropped: boolean }

/** Forgets with a session the keys that it alone has used. */
export function createKeyring(sealer: Sealer, sessions: SessionEnds): Keyring {
  /** In the order of last use, oldest first. */
  const entries = new Map<string, Entry>()

  function drop(reference: string): void {
    const entry = entries.get(reference)
    if (!entry) return
    entries.delete(reference)
    entry.dropped = true
    if (entry.inUse === 0) entry.opened.signing?.close()
  }

  function take(key: KeyRecord): Entry {
    const entry = entries.get(key.id) ?? {
      opened: open(sealer, key),
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

  sessions.onEnd(({ id }) => {
    for (const [reference, entry] of entries) {
      if (entry.sessions.delete(id) && entry.sessions.size === 0) drop(reference)
    }
  })

  const lend =
    <K>(pick: (opened: OpenKey) => K | undefined): Lend<K> =>
    (key, session, body) => {
      const entry = take(key)
      const picked = pick(entry.opened)
      if (picked === undefined) throw new HsmError('key-type', `A ${key.keyClass} cannot be used for this`)
      entry.sessions.add(session)
      entry.inUse += 1
      return whenOver(
        () => body(picked),
        () => {
          entry.inUse -= 1
          if (entry.dropped && entry.inUse === 0) entry.opened.signing?.close()
        },
      )
    }

  return {
    withSigningKey: lend(({ signing }) => signing),
    withVerifyingKey: lend(({ verifying }) => verifying),
    withKeyObject: lend(({ object }) => object),
    withMaterial(key, body) {
      const material = openMaterial(sealer, key)
      return whenOver(
        () => body(material),
        () => void material.fill(0),
      )
    },
    drop,
    close() {
      for (const reference of [...entries.keys()]) drop(reference)
    },
  }
}

function open(sealer: Sealer, key: KeyRecord): OpenKey {
  const material = openMaterial(sealer, key)
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

/** In clear; the caller's to wipe. Throws `store-damaged`. */
export function openMaterial(sealer: Sealer, key: KeyRecord): Buffer {
  const material = Buffer.from(key.material, 'base64')
  if (key.keyClass === 'public-key') return material
  try {
    return sealer.open(material, materialContext(key))
  } catch (cause) {
    throw new HsmError('store-damaged', `The material of key ${key.id} cannot be opened`, { cause })
  }
}
