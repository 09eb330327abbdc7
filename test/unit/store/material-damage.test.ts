/** A start with a snapshot does not open the rows of keys: what became of one is found when its material is read. */
import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { recordKey } from '../../../src/model/records.ts'
import { MATERIAL, put, reference, sampleKey, write as writeOf } from '../../contract/store-samples.ts'
import { inTemporaryDirectory } from '../../contract/store-sqlite.ts'
import { makeStore, openWith } from './snapshots.ts'
import { edit } from './spoil.ts'

const KEY = recordKey(sampleKey(1))
const OTHER = recordKey(sampleKey(2))

/** Spoils the row of a key while nobody has the store open, and opens it with its snapshot. */
async function spoiled(directory: string, sql: string) {
  await makeStore(directory)
  edit(directory, (database) => database.exec(sql))
  const { store, lines } = openWith(directory)
  assert.equal(lines.at(-1)?.level, 'info', 'the snapshot was used')
  return store
}

describe('the row of a key', () => {
  for (const [how, sql, message] of [
    [
      'was changed',
      `sealed = zeroblob(length(sealed))`,
      /^Record key\/\S+ is damaged: it was changed or moved$/,
    ],
    [
      'is that of another key',
      `sealed = (SELECT sealed FROM record WHERE key = '${OTHER}')`,
      /it was changed/,
    ],
  ] as const) {
    it(`that ${how} is refused when it is read, and the key is not written with it`, ({ mock }) =>
      inTemporaryDirectory(async (directory) => {
        // What reads all rows in the background does not come here first.
        mock.timers.enable({ apis: ['setTimeout'] })
        const store = await spoiled(directory, `UPDATE record SET ${sql} WHERE key = '${KEY}'`)
        const refusal = { code: 'store-damaged', message }
        await assert.rejects(async () => store.material(KEY), refusal)
        assert.equal(store.material(OTHER), MATERIAL)
        const before = store.catalog.key(reference(1))
        await assert.rejects(
          store.transact(() => ({ ...put(), writes: [{ put: sampleKey(1, { label: 'new' }) }] })),
          refusal,
        )
        assert.equal(store.catalog.key(reference(1)), before)
        // With material of its own nothing is taken from there.
        await store.transact(() => ({ ...put(), writes: [writeOf(sampleKey(1), 'bmV3')] }))
        assert.equal(store.material(KEY), 'bmV3')
        await store.close()
      }))
  }
})
