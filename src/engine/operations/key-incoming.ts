/** Keys that are not generated here: imported, unwrapped or derived. */
import { isDeepStrictEqual } from 'node:util'
import { CURVES, type WeierstrassCurve } from '../../contract/algorithms.ts'
import type { Flags, NewAttributes } from '../../contract/attributes.ts'
import { HsmError } from '../../contract/errors.ts'
import { KEY_TYPE_CLASSES } from '../../contract/key-type-classes.ts'
import type { Checked } from '../../contract/operations.ts'
import { deriveByEcdh } from '../../crypto/ecdh.ts'
import { type IncomingKey, readIncomingKey } from '../../crypto/incoming-key.ts'
import { DES3_BYTES } from '../../crypto/secret-keys.ts'
import { unwrapFailed } from '../../crypto/wrapping/unwrap-failed.ts'
import { unwrapPayload } from '../../crypto/wrapping/wrapping.ts'
import type { KeyRecord } from '../../model/records.ts'
import { allow, type Decision, deny } from '../../policy/decision.ts'
import { mayDerive } from '../../policy/key-derivation.ts'
import { mayUnwrap, withTemplate } from '../../policy/key-wrapping.ts'
import { incomingDraft, mayBringKey } from '../keys/incoming-keys.ts'
import { placedKey, placeKeys } from '../keys/new-keys.ts'
import type { Facts } from '../pipeline/facts.ts'
import { change } from '../pipeline/pipeline.ts'

const IMPORTED = { from: 'imported' } as const
const UNWRAPPED = { from: 'unwrapped' } as const

const wipe = ({ material }: IncomingKey): unknown => material.fill(0)

export const keyImport = change<'key.import', Flags, IncomingKey, readonly KeyRecord[]>({
  may: (facts, request) => mayBringKey(facts, request['key-type-class'], request, IMPORTED),
  async work(_facts, request) {
    const given = Buffer.from(request.material, 'base64')
    try {
      return await readIncomingKey(request['key-type-class'], given, 'The key')
    } finally {
      given.fill(0)
    }
  },
  change: (facts, request, flags, key) => placeKeys(facts, [incomingDraft(key, flags, request, IMPORTED)]),
  reply: placedKey,
  wipe,
})

type Unwrapping = { readonly attributes: NewAttributes; readonly flags: Flags }
type Unwrapped = { readonly under: KeyRecord; readonly key: IncomingKey }

/**
 * The key that comes out is placed only if the right to the unwrapping key stands in the same state (guarantee G), and
 * with it the template that the new key was made by.
 */
export const keyUnwrap = change<'key.unwrap', Unwrapping, Unwrapped, readonly KeyRecord[]>({
  may: mayUnwrapKey,
  async work({ parts: { keyring }, actor, key: under }, request) {
    const payload = await keyring.withKeyObject(under, actor.session, (key) =>
      unwrapPayload(key, request.mechanism, Buffer.from(request['wrapped-key'], 'base64')),
    )
    try {
      return { under, key: await readUnwrapped(request, payload) }
    } finally {
      payload.fill(0)
    }
  },
  change(facts, request, { attributes, flags }, { under, key }) {
    if (!isDeepStrictEqual(facts.key.unwrapTemplate, under.unwrapTemplate)) return deny('revoked')
    return placeKeys(facts, [incomingDraft(key, flags, { ...request, attributes }, UNWRAPPED)])
  },
  reply: placedKey,
  wipe: ({ key }) => wipe(key),
})

function mayUnwrapKey(facts: Facts<'key.unwrap'>, request: Checked<'key.unwrap'>): Decision<Unwrapping> {
  const { 'key-type-class': name, 'key-length-bytes': length } = request
  const may = mayUnwrap(facts, request)
  if (!may.allow) return may
  if (length !== undefined && KEY_TYPE_CLASSES[name].keyClass !== 'secret-key') {
    return deny('invalid-request', 'key-length-bytes is for secret keys')
  }
  const attributes = withTemplate(request.attributes, facts.key.unwrapTemplate)
  if (!attributes.allow) return attributes
  const flags = mayBringKey(facts, name, { ...request, attributes: attributes.result }, UNWRAPPED)
  return flags.allow ? allow({ attributes: attributes.result, flags: flags.result }) : flags
}

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

type Deriving = { readonly bytes: number; readonly flags: Flags }

/** The key that comes out is placed only if the right to the base key stands in the same state (guarantee G). */
export const keyDerive = change<'key.derive', Deriving, IncomingKey, readonly KeyRecord[]>({
  may: mayDeriveKey,
  async work({ parts: { keyring }, actor, key: base }, request, { permitted: { bytes } }) {
    const value = await keyring.withKeyObject(base, actor.session, (key) =>
      deriveByEcdh(key, base.ec?.curve as WeierstrassCurve, request.mechanism, bytes),
    )
    try {
      return await readIncomingKey(request['key-type'], value, 'key-length-bytes')
    } finally {
      value.fill(0)
    }
  },
  change: (facts, request, { flags }, key) =>
    placeKeys(facts, [incomingDraft(key, flags, request, originOf(facts))]),
  reply: placedKey,
  wipe,
})

const originOf = ({ key: base }: Facts<'key.derive'>) => ({ from: 'derived', base: base.flags }) as const

function mayDeriveKey(facts: Facts<'key.derive'>, request: Checked<'key.derive'>): Decision<Deriving> {
  const may = mayDerive(facts)
  if (!may.allow) return may
  const bytes = lengthOf(request, facts.key.ec?.curve as WeierstrassCurve)
  if (!bytes.allow) return bytes
  const flags = mayBringKey(facts, request['key-type'], request, originOf(facts))
  return flags.allow ? allow({ bytes: bytes.result, flags: flags.result }) : flags
}

const LENGTHS = { aes: [16, 24, 32], des3: [DES3_BYTES], 'generic-secret': undefined } as const

function lengthOf(request: Checked<'key.derive'>, curve: WeierstrassCurve): Decision<number> {
  const keyType = request['key-type']
  const lengths: readonly number[] | undefined = LENGTHS[keyType]
  const usual = keyType === 'des3' ? DES3_BYTES : CURVES[curve].fieldBytes
  const bytes = request['key-length-bytes'] ?? usual
  if (lengths?.includes(bytes) ?? true) return allow(bytes)
  return deny('invalid-attribute', `key-length-bytes must be ${lengths?.join(', ')} for ${keyType}`)
}
