/** Keys that are not generated here: imported, unwrapped or derived. */
import type { Flags } from '../../contract/attributes.ts'
import { HsmError } from '../../contract/errors.ts'
import type { Checked } from '../../contract/operations.ts'
import { deriveValue } from '../../crypto/derivation.ts'
import { type IncomingKey, readIncomingKey } from '../../crypto/incoming-key.ts'
import { unwrapFailed } from '../../crypto/wrapping/unwrap-failed.ts'
import { unwrapPayload } from '../../crypto/wrapping/wrapping.ts'
import type { KeyRecord } from '../../model/records.ts'
import { all } from '../../policy/decision.ts'
import {
  type Deriving,
  derivedFrom,
  IMPORTED,
  mayDeriveKey,
  mayImport,
  mayPlaceUnwrapped,
  mayUnwrapKey,
  UNWRAPPED,
  type Unwrapping,
} from '../../policy/incoming-keys.ts'
import type { Origin } from '../../policy/new-key-flags.ts'
import { type Draft, placedKey, placeKeys, type Wishes, wished } from '../keys/new-keys.ts'
import { change } from '../pipeline/pipeline.ts'

const draftOf = (key: IncomingKey, flags: Flags, wishes: Wishes, origin: Origin): Draft => ({
  ...key,
  ...wished(wishes, flags, origin),
  mlDsa: undefined,
})

const wipe = ({ material }: IncomingKey): unknown => material.fill(0)

export const keyImport = change<'key.import', Flags, IncomingKey, readonly KeyRecord[]>({
  may: mayImport,
  work: (_facts, request) => readIncomingKey(request['key-type-class'], request.material, 'The key'),
  change: (facts, request, { parts, permitted: flags, made: key }) =>
    placeKeys(parts, facts, [draftOf(key, flags, request, IMPORTED)]),
  reply: placedKey,
  wipe,
})

type Unwrapped = { readonly under: KeyRecord; readonly key: IncomingKey }

/**
 * The key that comes out is placed only if the right to the unwrapping key stands in the same state (guarantee G), and
 * with it the template that the new key was made by.
 */
export const keyUnwrap = change<'key.unwrap', Unwrapping, Unwrapped, readonly KeyRecord[]>({
  may: mayUnwrapKey,
  async work({ actor, key: under }, request, { parts: { keyring } }) {
    const payload = await keyring.withKeyObject(under, actor.session, (key) =>
      unwrapPayload(key, request.mechanism, request['wrapped-key']),
    )
    try {
      return { under, key: await readUnwrapped(request, payload) }
    } finally {
      payload.fill(0)
    }
  },
  change(facts, request, { parts, permitted: { attributes, flags }, made: { under, key } }) {
    const draft = draftOf(key, flags, { ...request, attributes }, UNWRAPPED)
    return all(mayPlaceUnwrapped(under, facts.key), placeKeys(parts, facts, [draft]))
  },
  reply: placedKey,
  wipe: ({ key }) => wipe(key),
})

/** That what was wrapped is no such key is told like everything else that is wrong with it. */
async function readUnwrapped(
  { 'key-type-class': name, 'key-length-bytes': length }: Checked<'key.unwrap'>,
  payload: Buffer,
): Promise<IncomingKey> {
  if (length !== undefined && length !== payload.length) throw unwrapFailed()
  try {
    return await readIncomingKey(name, payload, 'wrapped-key')
  } catch (error) {
    throw error instanceof HsmError ? unwrapFailed() : error
  }
}

/** The key that comes out is placed only if the right to the base key stands in the same state (guarantee G). */
export const keyDerive = change<'key.derive', Deriving, IncomingKey, readonly KeyRecord[]>({
  may: mayDeriveKey,
  async work({ actor, key: base }, request, { parts: { keyring }, permitted: { bytes } }) {
    const value = await keyring.withKeyObject(base, actor.session, (key) =>
      deriveValue(key, base, request.mechanism, bytes),
    )
    try {
      return await readIncomingKey(request['key-type'], value, 'key-length-bytes')
    } finally {
      value.fill(0)
    }
  },
  change: (facts, request, { parts, permitted: { flags }, made: key }) =>
    placeKeys(parts, facts, [draftOf(key, flags, request, derivedFrom(facts.key))]),
  reply: placedKey,
  wipe,
})
