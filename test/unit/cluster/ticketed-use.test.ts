import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import type { Serving } from '../../../src/cluster/cluster.ts'
import { underTickets } from '../../../src/cluster/ticketed-use.ts'
import { createUses, type Uses } from '../../../src/cluster/uses.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { fails } from '../../support/errors.ts'

suite('key use', () => {
  let steps: string[]
  let serves: boolean
  let fenced: boolean
  let uses: Uses
  const serving: Serving = {
    check() {
      steps.push('check')
      if (!serves) throw new HsmError('not-serving')
    },
    fenced: () => fenced,
    async fence() {
      steps.push('fence')
    },
  }
  const use = async (work: (check: () => void) => void = () => undefined) =>
    underTickets(
      { serving, uses },
      () => {
        steps.push('permit')
        return { key: 'k', user: 'u', session: 's' }
      },
      async (_grant, check) => {
        steps.push('work')
        work(check)
        return 'result'
      },
    )

  beforeEach(() => {
    steps = []
    serves = true
    fenced = false
    uses = createUses()
  })

  test('checks before and after the work', async () => {
    assert.equal(await use(), 'result')
    assert.deepEqual(steps, ['check', 'permit', 'work', 'check'])
  })

  test('behind the fence, waits for it before and after the work', async () => {
    fenced = true
    assert.equal(await use(), 'result')
    assert.deepEqual(steps, ['fence', 'check', 'permit', 'work', 'fence', 'check'])
  })

  test('when another key takes part, the right to each must stand, and both uses end', async () => {
    const both = async (ends: string) =>
      underTickets(
        { serving, uses },
        () => ({ key: 'k', with: 'payload', user: 'u', session: 's' }),
        async () => {
          void uses.revoke([{ key: ends }])
          return 'result'
        },
      )
    for (const key of ['k', 'payload']) await assert.rejects(both(key), fails('revoked'))
    assert.equal(await both('other'), 'result')
    assert.equal(uses.count(), 0)
  })

  test('what must be there first is waited for without a ticket, and then all is decided anew', async () => {
    for (const behindFence of [false, true]) {
      steps = []
      fenced = behindFence
      const { promise: there, resolve } = Promise.withResolvers<void>()
      const state: { isAllowed: boolean; isThere: boolean } = { isAllowed: true, isThere: false }
      const begun = () =>
        Promise.resolve(
          underTickets(
            { serving, uses },
            () => {
              steps.push('permit')
              if (!state.isAllowed) throw new HsmError('not-permitted')
              return state.isThere ? { key: 'k', user: 'u', session: 's' } : { first: there }
            },
            () => 'result',
          ),
        )
      const [granted, refused] = [begun(), begun()]
      await Promise.resolve().then(() => undefined)
      assert.equal(uses.count(), 0)
      await uses.revoke([{ key: 'k' }])
      state.isThere = true
      resolve()
      assert.equal(await granted, 'result')
      assert.equal(await refused, 'result')
      state.isThere = false
      const later = begun()
      state.isAllowed = false
      state.isThere = true
      await assert.rejects(later, fails('not-permitted'))
      assert.equal(uses.count(), 0)
    }
  })

  test('an HSM that does not serve asks nobody for permission', async () => {
    serves = false
    await assert.rejects(use(), fails('not-serving'))
    assert.deepEqual(steps, ['check'])
  })

  test('a result is kept back when the HSM serves no more, or the right was taken back', async () => {
    const stop = use(() => {
      serves = false
    })
    await assert.rejects(stop, fails('not-serving'))
    serves = true
    const revoked = use(() => void uses.revoke([{ key: 'k' }]))
    await assert.rejects(revoked, fails('revoked'))
    assert.equal(uses.count(), 0)
  })

  test('work can ask in between', async () => {
    let went = 0
    const revoked = use((check) => {
      check()
      went += 1
      void uses.revoke([{ user: 'u' }])
      check()
      went += 1
    })
    await assert.rejects(revoked, fails('revoked'))
    assert.equal(went, 1)
  })
})
