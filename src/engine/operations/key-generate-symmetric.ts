import type { Checked } from '../../contract/operations.ts'
import { checkValueOf, generateSecret } from '../../crypto/secret-keys.ts'
import type { KeyRecord } from '../../model/records.ts'
import { keysFit } from '../../policy/capacity.ts'
import { keyAvailable } from '../../policy/key-availability.ts'
import { GENERATED } from '../../policy/new-key-flags.ts'
import { availability, keyRoom } from '../facts.ts'
import { keyObject } from '../key-object.ts'
import { flagsOfNew } from '../new-flags.ts'
import { type Draft, placeKeys } from '../new-keys.ts'
import type { Call, Parts } from '../parts.ts'
import { change, granted } from '../pipelines.ts'

export const keyGenerateSymmetric = change<'key.generate-symmetric', Draft, readonly KeyRecord[]>(
  'key.generate-symmetric',
  {
    prepare: async (parts, call, request) => draftSecretKey(parts, call, request),
    decide: (facts, _request, draft) => placeKeys(facts, [draft]),
    reply: ({ store, cluster }, _call, [key]) => ({
      key: keyObject(store.catalog, key as KeyRecord, cluster.coverage()),
    }),
    wipe: ({ material }) => material.fill(0),
  },
)

function draftSecretKey(parts: Parts, call: Call, request: Checked<'key.generate-symmetric'>): Draft {
  const flags = flagsOfNew(parts, 'secret-key', request, GENERATED)
  granted(keyAvailable(availability(parts, call), flags.token))
  granted(keysFit(keyRoom(parts.store.catalog, call), [{ keyClass: 'secret-key', flags }]))
  const keyType = request['key-type']
  const material = generateSecret(keyType, request['key-length-bytes'])
  return {
    keyType,
    keyClass: 'secret-key',
    origin: GENERATED,
    label: request.label,
    idAttribute: request.attributes.id ?? '0x',
    subject: request.attributes.subject,
    flags,
    wrapTemplate: undefined,
    unwrapTemplate: undefined,
    checkValue: checkValueOf(keyType, material),
    keyLengthBytes: material.length,
    rsa: undefined,
    ec: undefined,
    mlDsa: undefined,
    material,
    shareWith: request['share-crypto-users'],
  }
}
