import { readIncomingKey } from '../../crypto/incoming-key.ts'
import type { KeyRecord } from '../../model/records.ts'
import { incomingDraft, incomingFlags } from '../incoming-keys.ts'
import { keyObject } from '../key-object.ts'
import { type Draft, placeKeys } from '../new-keys.ts'
import { change } from '../pipelines.ts'

const IMPORTED = { from: 'imported' } as const

export const keyImport = change<'key.import', Draft, readonly KeyRecord[]>('key.import', {
  async prepare(parts, call, request) {
    const name = request['key-type-class']
    const flags = incomingFlags(parts, call, name, request, IMPORTED)
    const given = Buffer.from(request.material, 'base64')
    try {
      return incomingDraft(await readIncomingKey(name, given, 'The key'), flags, request, IMPORTED)
    } finally {
      given.fill(0)
    }
  },
  decide: (facts, _request, draft) => placeKeys(facts, [draft]),
  reply: ({ store, cluster }, _call, [key]) => ({
    key: keyObject(store.catalog, key as KeyRecord, cluster.coverage()),
  }),
  wipe: ({ material }) => material.fill(0),
})
