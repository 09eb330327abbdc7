import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Catalog, CatalogView } from '../../../../src/catalog/catalog.ts'
import { createCatalog } from '../../../../src/catalog/memory-catalog.ts'
import { type Body, type Gathered, gather as gatherWith } from '../../../../src/store/etcd/gathering.ts'
import {
  contents,
  logged,
  put,
  sampleCluster,
  sampleKey,
  sampleUser,
  write,
} from '../../../contract/store-samples.ts'

/** Of bodies that write no key that stands. */
function gather(catalog: Catalog, bodies: readonly Body[]): Gathered {
  const gathered = gatherWith(catalog, bodies, () => undefined)
  assert.ok(!('lacking' in gathered))
  return gathered
}

const counted: Body = (view: CatalogView) => put(sampleCluster((view.cluster()?.nextReference ?? 0) + 1))
const keysOf = ({ changes }: ReturnType<typeof gather>) => changes.map(({ key }) => key)

describe('gathering transactions', () => {
  it('runs each body on what those before it wrote, and leaves the catalog as it was', () => {
    const catalog = createCatalog()
    catalog.apply({ put: sampleUser(1) })
    const before = contents(catalog)
    const gathered = gather(catalog, [
      counted,
      counted,
      () => ({ ...put(), writes: [{ delete: 'user/user-1' }] }),
    ])
    assert.deepEqual(contents(catalog), before)
    assert.deepEqual(gathered.changes, [
      { key: 'cluster/self', record: sampleCluster(2) },
      { key: 'user/user-1', record: undefined },
    ])
  })

  it('writes nothing for a record that is made and is gone again', () => {
    const gathered = gather(createCatalog(), [
      () => put(sampleUser(1)),
      () => ({ ...put(), writes: [{ delete: 'user/user-1' }] }),
    ])
    assert.deepEqual(gathered.changes, [])
    assert.equal(gathered.results.length, 2)
  })

  it('keeps the errors of bodies in their places', () => {
    const error = new Error('no')
    const gathered = gather(createCatalog(), [
      counted,
      () => {
        throw error
      },
      counted,
    ])
    assert.deepEqual(gathered.results, [{ result: undefined }, { error }, { result: undefined }])
    assert.deepEqual(gathered.changes[0]?.record, sampleCluster(2))
  })

  it('refuses what the format of the cluster cannot hold, and nothing else with it', () => {
    const catalog = createCatalog()
    const cluster = { ...sampleCluster(1), minimumVersion: 1 }
    catalog.apply({ put: cluster })
    const newer = Object.assign(sampleUser(1), { later: true })
    const counted = () => put({ ...cluster, nextReference: 2 })
    const gathered = gather(catalog, [counted, () => put(newer), () => put(sampleUser(2))])
    const [, refused] = gathered.results
    assert.match(
      String(refused && 'error' in refused && refused.error),
      /earlier version .*; upgrade every HSM/,
    )
    assert.deepEqual([keysOf(gathered), gathered.format], [['cluster/self', 'user/user-2'], 1])
    assert.equal(catalog.userCount(), 0)
  })

  it('takes as many as fit into 127 operations, audit entries among them', () => {
    const one =
      (number: number): Body =>
      (view) => {
        const entry = logged(view, 'hsm-1', 'key.share')
        return { ...entry, writes: [...entry.writes, write(sampleKey(number))] }
      }
    const bodies = Array.from({ length: 100 }, (_, at) => one(at))
    const gathered = gather(createCatalog(), bodies)
    assert.equal(gathered.results.length, 63)
    assert.equal(gathered.changes.length + gathered.audit.length, 127)
  })

  it('refuses what is too large alone, and only that', () => {
    const catalog = createCatalog()
    const huge: Body = () => put(sampleKey(1, { label: 'A'.repeat(1_600_000) }))
    const gathered = gather(catalog, [huge, counted])
    assert.equal(gathered.results.length, 2)
    assert.ok('error' in (gathered.results[0] ?? {}))
    assert.deepEqual(keysOf(gathered), ['cluster/self'])
    assert.deepEqual(gather(catalog, [counted, huge]).results.length, 1)
    assert.equal(catalog.keyCount(), 0)
  })

  it('has room again when a large record was replaced by a small one', () => {
    const record =
      (length: number): Body =>
      () =>
        put(sampleKey(1, { label: 'A'.repeat(length) }))
    assert.equal(gather(createCatalog(), [record(1_000_000), record(1), record(1_000_000)]).results.length, 3)
  })
})
