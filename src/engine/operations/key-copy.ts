import type { Flags } from '../../contract/attributes.ts'
import type { Checked } from '../../contract/operations.ts'
import type { KeyRecord } from '../../model/records.ts'
import { mayCopyKey } from '../../policy/key-copy.ts'
import { type Draft, placedKey, placeKeys } from '../keys/new-keys.ts'
import { change } from '../pipeline/pipeline.ts'

/** The original as it is when the copy is placed must be the one whose material was taken. */
export const keyCopy = change<'key.copy', Flags, Buffer, readonly KeyRecord[]>({
  may: mayCopyKey,
  inClear: 'key',
  work: ({ key }, _request, { parts: { keyring } }) =>
    keyring.withMaterial(key, (clear) => Buffer.from(clear)),
  change: (facts, request, { parts, permitted: flags, made: material }) =>
    placeKeys(parts, facts, [draftOf(facts.key, request, flags, material)]),
  reply: placedKey,
  wipe: (material) => material.fill(0),
})

/** Whom the original is shared with is its own affair. */
function draftOf(
  key: KeyRecord,
  { label, attributes }: Checked<'key.copy'>,
  flags: Flags,
  material: Buffer,
): Draft {
  const { kind: _kind, id: _id, owner: _owner, sharedWith: _shared, ...facts } = key
  return {
    ...facts,
    origin: { from: 'copied' },
    label: label ?? key.label,
    idAttribute: attributes.id ?? key.idAttribute,
    subject: attributes.subject ?? key.subject,
    flags,
    material,
    shareWith: [],
  }
}
