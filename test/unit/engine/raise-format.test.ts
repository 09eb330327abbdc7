/** When the records of a cluster get the format of this version, and when not yet. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import { raiseFormat } from '../../../src/engine/raise-format.ts'
import { FORMAT } from '../../../src/model/formats.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { put, sampleCluster } from '../../contract/store-samples.ts'

/** A cluster of the first format, and what is left of it when an HSM has started that finds that format to be readable. */
async function raised(readable: () => Promise<number>) {
  const store = memoryStore()
  await store.transact(() => put({ ...sampleCluster(7), minimumVersion: 1 }))
  const logged: string[] = []
  const raise = () =>
    raiseFormat({
      store,
      hsmId: 'hsm-1',
      readable,
      now: () => 5,
      log: (_level, _fields, message) => void logged.push(message),
    })
  await raise()
  return {
    cluster: store.catalog.cluster(),
    entries: await store.audit('hsm-1', 0, 10),
    logged,
    raise,
    store,
  }
}

test('when every HSM can read it, once, and the audit log tells', async () => {
  const { cluster, entries, raise, store } = await raised(async () => FORMAT)
  assert.deepEqual(cluster, sampleCluster(7))
  const [entry] = entries
  assert.deepEqual(
    [entry?.operation, entry?.actor, entry?.outcome, entry?.subjects],
    ['cluster.raise-format', '-', 'ok', [`format/${FORMAT}`]],
  )
  await raise()
  assert.equal((await store.audit('hsm-1', 0, 10)).length, 1)
})

test('not while an HSM of an earlier version is there', async () => {
  const { cluster, entries, logged } = await raised(async () => 1)
  assert.deepEqual([cluster?.minimumVersion, entries], [1, []])
  assert.match(logged.join(), /an HSM of an earlier version belongs to the cluster/)
})

test('not when that cannot be known; the HSM serves all the same', async () => {
  const { cluster, logged } = await raised(async () => {
    throw new HsmError('store-failure')
  })
  assert.equal(cluster?.minimumVersion, 1)
  assert.match(logged.join(), /was not raised; the next start tries again/)
})
