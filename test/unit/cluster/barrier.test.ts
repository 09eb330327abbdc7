import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { createBarrier } from '../../../src/cluster/barrier.ts'
import { createUses } from '../../../src/cluster/uses.ts'
import type { Write } from '../../../src/model/records.ts'
import type { Revocation } from '../../../src/model/revocation.ts'
import { revocationsOf } from '../../../src/policy/revocation.ts'
import { memoryStore } from '../../../src/store/memory.ts'
import { aKey } from '../../support/records.ts'

/** Whether a promise has come to its end, some turns of the event loop from now. */
async function settled(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  void promise.then(() => {
    done = true
  })
  for (let turn = 0; turn < 5; turn++) await setImmediate()
  return done
}

suite('uses', () => {
  const hits: readonly [Revocation, boolean][] = [
    [{ key: 'k' }, true],
    [{ key: 'other' }, false],
    [{ key: 'k', user: 'u' }, true],
    [{ key: 'k', user: 'other' }, false],
    [{ user: 'u' }, true],
    [{ user: 'u', except: 's' }, false],
    [{ user: 'u', except: 'other' }, true],
    [{ user: 'u', except: undefined }, true],
    [{ session: 's' }, true],
    [{ session: 'other' }, false],
  ]
  for (const [revocation, hit] of hits) {
    test(`${JSON.stringify(revocation)} ${hit ? 'ends' : 'leaves'} a use of k by u in s`, async () => {
      const uses = createUses()
      const use = uses.begin('k', 'u', 's')
      const revoked = uses.revoke([revocation])
      assert.equal(use.live, !hit, 'at once')
      assert.equal(await settled(revoked), !hit, 'before the use has ended')
      use.end()
      await revoked
      assert.equal(uses.count(), 0)
    })
  }

  test('a use begun after a revocation is another matter', async () => {
    const uses = createUses()
    await uses.revoke([{ key: 'k' }])
    assert.equal(uses.begin('k', 'u', 's').live, true)
  })

  test('two revocations wait for the same use', async () => {
    const uses = createUses()
    const use = uses.begin('k', 'u', 's')
    const revoked = [uses.revoke([{ key: 'k' }]), uses.revoke([{ user: 'u' }])]
    assert.deepEqual(await Promise.all(revoked.map(settled)), [false, false])
    use.end()
    await Promise.all(revoked)
  })
})

suite('barrier', () => {
  const key = aKey({ sharedWith: ['u'] })
  const start = async () => {
    const store = memoryStore()
    const uses = createUses()
    const barrier = createBarrier(store, uses, revocationsOf)
    const write = async (...writes: Parameters<typeof commit>[0]) => (await commit(writes)).revision
    const commit = (writes: readonly Write[]) =>
      store.transact(() => ({ writes, audit: [], result: undefined }))
    await write({ put: key, material: '' })
    return { uses, barrier, write }
  }

  test('a change that takes a right away is confirmed when its uses are over', async () => {
    const { uses, barrier, write } = await start()
    const mine = uses.begin(key.id, 'u', 's')
    const others = uses.begin(key.id, 'owner', 't')
    const confirmed = barrier.confirm(await write({ put: { ...key, sharedWith: [] } }))
    assert.equal(mine.live, false)
    assert.equal(others.live, true)
    assert.equal(await settled(confirmed), false)
    mine.end()
    await confirmed
  })

  test('a later change does not wait for what an earlier one does not need', async () => {
    const { uses, barrier, write } = await start()
    const use = uses.begin(key.id, 'u', 's')
    const harmless = await write({ put: { ...key, label: 'new' } })
    await barrier.confirm(harmless)
    const deleted = await write({ delete: `key/${key.id}` })
    await barrier.confirm(harmless)
    assert.equal(await settled(barrier.confirm(deleted)), false)
    use.end()
    await barrier.confirm(deleted)
  })

  test('a second caller is confirmed no earlier than the change it read about', async () => {
    const { uses, barrier, write } = await start()
    const use = uses.begin(key.id, 'u', 's')
    const first = barrier.confirm(await write({ put: { ...key, sharedWith: [] } }))
    const second = barrier.confirm(await write({ put: { ...key, sharedWith: [], label: 'new' } }))
    assert.deepEqual(await Promise.all([settled(first), settled(second)]), [false, false])
    use.end()
    await Promise.all([first, second])
  })

  test('a result on its way when the right is taken back arrives before the confirmation', async () => {
    const { uses, barrier, write } = await start()
    const order: string[] = []
    const use = uses.begin(key.id, 'u', 's')
    const revision = await write({ put: { ...key, sharedWith: [] } })
    const confirmed = barrier.confirm(revision).then(() => order.push('confirmed'))
    use.end()
    const delivered = (async () => {
      for (let hop = 0; hop < 50; hop++) await undefined
      order.push('delivered')
    })()
    await Promise.all([confirmed, delivered])
    assert.deepEqual(order, ['delivered', 'confirmed'])
  })
})

suite('barrier of one HSM among others', () => {
  const key = aKey({ sharedWith: ['u'] })
  const start = async () => {
    const store = memoryStore()
    const uses = createUses()
    const asked: string[] = []
    const answer = Promise.withResolvers<void>()
    let seen = true
    const barrier = createBarrier(store, uses, revocationsOf, {
      seen: () => seen,
      async inEffect(revision) {
        asked.push(`in effect ${revision}`)
        await answer.promise
        return 'acknowledged'
      },
      async applied(revision) {
        asked.push(`applied ${revision}`)
      },
    })
    const put = async (record: typeof key) =>
      (
        await store.transact(() => ({
          writes: [{ put: record, material: '' }],
          audit: [],
          result: undefined,
        }))
      ).revision
    await put(key)
    const loseSight = () => {
      seen = false
    }
    return { uses, barrier, asked, answer: answer.resolve, put, loseSight }
  }

  test('a right taken back is confirmed when it is in effect everywhere', async () => {
    const { barrier, asked, answer, put } = await start()
    const revision = await put({ ...key, sharedWith: [] })
    const confirmed = barrier.confirm(revision)
    assert.equal(await settled(confirmed), false)
    assert.deepEqual(asked, [`in effect ${revision}`])
    answer()
    await confirmed
  })

  test('what takes nothing back waits only until the others have it', async () => {
    const { barrier, asked, put } = await start()
    const revision = await put({ ...key, sharedWith: ['u', 'v'] })
    await barrier.confirm(revision)
    assert.deepEqual(asked, [`applied ${revision}`])
  })

  test('whoever finds all as wanted waits for those who made it so', async () => {
    const { barrier, asked, put } = await start()
    const taken = await put({ ...key, sharedWith: [] })
    const later = await put({ ...key, sharedWith: [], label: 'new' })
    assert.equal(await settled(barrier.confirm(later, true)), false)
    assert.deepEqual(asked, [`in effect ${taken}`])
  })

  test('whoever finds all as wanted after a gap waits for what the gap may have hidden', async () => {
    const { barrier, asked, put, loseSight } = await start()
    await put({ ...key, sharedWith: [] })
    loseSight()
    const gap = await put({ ...key, sharedWith: [], label: 'new' })
    assert.equal(await settled(barrier.confirm(gap + 1, true)), false)
    assert.deepEqual(asked, [`in effect ${gap}`])
  })

  test('a commit that came with a gap waits as if it had ended rights, for what it did was not seen by itself', async () => {
    const { barrier, asked, put, loseSight } = await start()
    const earlier = await put({ ...key, label: 'new' })
    loseSight()
    await put({ ...key, sharedWith: [] })
    assert.equal(await settled(barrier.confirm(earlier)), false)
    assert.deepEqual(asked, [`in effect ${earlier}`])
  })

  test('no use lives through a gap in what was seen, for its right may have come and gone', async () => {
    const { uses, barrier, put, loseSight } = await start()
    const use = uses.begin('another key', 'owner', 's')
    loseSight()
    const revision = await put({ ...key, label: 'new' })
    assert.deepEqual([use.live, use.reason], [false, 'not-serving'])
    assert.equal(await settled(barrier.settled(revision)), false)
    use.end()
    await barrier.settled(revision)
  })
})
