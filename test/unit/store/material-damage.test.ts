/** A start with a snapshot does not open the rows of keys: what became of one is found when it is read. */
import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it } from 'node:test'
import { recordKey } from '../../../src/model/records.ts'
import type { Store } from '../../../src/store/store.ts'
import { MATERIAL, put, reference, sampleKey, sampleUser } from '../../contract/store-samples.ts'
import { inTemporaryDirectory } from '../../contract/store-sqlite.ts'
import { makeStore, openWith, snapshotIn } from './snapshots.ts'
import { edit } from './spoil.ts'

const KEY = recordKey(sampleKey(1))
const OTHER = recordKey(sampleKey(2))

/** Spoils the row of a key while nobody has the store open, and opens it with its snapshot. */
async function spoiled(directory: string, sql: string) {
  await makeStore(directory)
  edit(directory, (database) => database.exec(`UPDATE record SET ${sql} WHERE key = '${KEY}'`))
  const opened = openWith(directory)
  assert.equal(opened.lines.at(-1)?.level, 'info', 'the snapshot was used')
  return opened
}

/** Its record is written anew, with the material that it has. */
const change = (store: Store) =>
  store.transact(() => ({ ...put(), writes: [{ put: sampleKey(1, { label: 'new' }) }] }))

const CHANGED = 'sealed = zeroblob(length(sealed))'

describe('the row of a key', () => {
  for (const [how, sql] of [
    ['was changed', CHANGED],
    ['is that of another key', `sealed = (SELECT sealed FROM record WHERE key = '${OTHER}')`],
  ] as const) {
    // Whatever it is read for: nothing is written with it either.
    for (const [when, use] of [
      ['material is read', async (store: Store) => store.material(KEY)],
      ['the key is changed', (store: Store) => change(store)],
    ] as const) {
      it(`that ${how} ends the store when ${when}`, ({ mock }) =>
        inTemporaryDirectory(async (directory) => {
          // What reads all rows in the background does not come here first.
          mock.timers.enable({ apis: ['setTimeout'] })
          const { store, lines } = await spoiled(directory, sql)
          const before = store.catalog.key(reference(1))
          const damage = {
            code: 'store-damaged',
            message: `Record ${KEY} is damaged: it was changed or moved`,
          }
          await store.transact(() => put(sampleUser(7)))
          store.check()
          assert.equal(store.material(OTHER), MATERIAL)

          await assert.rejects(use(store), damage)
          assert.throws(() => store.check(), damage)
          assert.throws(() => store.material(OTHER), damage)
          await assert.rejects(store.audit('hsm-1', 0, 1), damage)
          await assert.rejects(
            store.transact(() => put(sampleUser(8))),
            damage,
          )
          assert.equal(store.catalog.key(reference(1)), before)
          mock.timers.tick(600_000)
          const [, line, ...more] = lines
          assert.deepEqual(
            [line?.level, line?.message, String(line?.['err'])],
            ['error', 'the store is damaged: this HSM serves no more', `HsmError: ${damage.message}`],
          )
          assert.deepEqual(more, [])
          await store.close()
          assert.ok(!existsSync(snapshotIn(directory)))
          assert.throws(() => openWith(directory), damage)
        }))
    }
  }

  it('ends the store together with the transactions that wait for their turn', ({ mock }) =>
    inTemporaryDirectory(async (directory) => {
      mock.timers.enable({ apis: ['setTimeout'] })
      const { store } = await spoiled(directory, CHANGED)
      const waiting = assert.rejects(
        store.transact(() => put(sampleUser(8))),
        { code: 'store-damaged' },
      )
      assert.throws(() => store.material(KEY), { code: 'store-damaged' })
      await waiting
      assert.equal(store.catalog.user('user-8'), undefined)
      await store.close()
    }))
})
