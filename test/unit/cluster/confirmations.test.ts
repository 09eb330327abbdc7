import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { type Confirmations, createConfirmations } from '../../../src/cluster/confirmations.ts'
import type { Laggard } from '../../../src/cluster/membership-view.ts'
import { fails } from '../../support/errors.ts'
import { virtualTimers } from './virtual-timers.ts'

const EFFECTIVE = 3250
const PATIENCE = 500

suite('confirmations', () => {
  let time: ReturnType<typeof virtualTimers>
  let laggards: readonly Laggard[]
  let known: Map<number, number>
  let confirmations: Confirmations
  const registered: Laggard = { id: 'hsm-b', until: undefined }

  beforeEach(() => {
    time = virtualTimers()
    laggards = []
    known = new Map()
    confirmations = createConfirmations({
      view: {
        behind: (_revision, now) => laggards.filter(({ until }) => until === undefined || until > now),
      },
      clock: time.clock,
      after: time.after,
      now: () => Date.UTC(2026, 0, 1),
      knownSince: (revision) => known.get(revision) ?? time.clock(),
      effectiveMs: () => EFFECTIVE,
      patienceMs: PATIENCE,
    })
  })
  const outcome = (promise: Promise<unknown>) => {
    const state: { is: unknown } = { is: 'waiting' }
    promise.then(
      (value) => {
        state.is = value ?? 'done'
      },
      (error: unknown) => {
        state.is = error
      },
    )
    return state
  }

  test('in effect at once when nobody is behind', async () => {
    assert.equal(await confirmations.inEffect(1), 'acknowledged')
    assert.equal(time.pending(), 0)
  })

  test('in effect when the last one has acknowledged', async () => {
    laggards = [registered]
    const state = outcome(confirmations.inEffect(1))
    await time.pass(PATIENCE * 2)
    assert.equal(state.is, 'waiting')
    laggards = []
    confirmations.review()
    await time.pass(0)
    assert.equal(state.is, 'acknowledged')
    assert.equal(time.pending(), 0)
  })

  test('in effect when the last one that left has certainly stopped', async () => {
    laggards = [{ id: 'hsm-b', until: 700 }]
    const state = outcome(confirmations.inEffect(1))
    await time.pass(699)
    assert.equal(state.is, 'waiting')
    await time.pass(1)
    assert.equal(state.is, 'acknowledged')
  })

  test('in effect after the grace, whoever is silent', async () => {
    laggards = [registered]
    const state = outcome(confirmations.inEffect(1))
    await time.pass(EFFECTIVE - 1)
    assert.equal(state.is, 'waiting')
    await time.pass(1)
    assert.equal(state.is, 'elapsed')
  })

  test('in effect the grace after it was known, whenever it is asked about', async () => {
    laggards = [registered]
    known.set(1, time.clock())
    await time.pass(EFFECTIVE - 10)
    const state = outcome(confirmations.inEffect(1))
    await time.pass(9)
    assert.equal(state.is, 'waiting')
    await time.pass(1)
    assert.equal(state.is, 'elapsed')
    assert.equal(await confirmations.inEffect(1), 'elapsed')
    assert.equal(time.pending(), 0)
  })

  test('what takes no right away waits for live nodes only, and not for long', async () => {
    laggards = [{ id: 'hsm-b', until: 5000 }]
    await confirmations.applied(1)
    laggards = [registered]
    const state = outcome(confirmations.applied(2))
    await time.pass(PATIENCE - 1)
    assert.equal(state.is, 'waiting')
    await time.pass(1)
    assert.equal(state.is, 'done')
  })

  test('whoever still waits at the end is told who has not confirmed, and by when it is in effect', async () => {
    laggards = [registered, { id: 'hsm-c', until: 9000 }]
    const state = outcome(confirmations.inEffect(1))
    await time.pass(250)
    confirmations.close()
    await time.pass(0)
    const text =
      'The change is committed; it is not yet confirmed by hsm-b, hsm-c; ' +
      'it is in effect at the latest at 2026-01-01T00:00:03.000Z'
    assert.ok(fails('unconfirmed', text)(state.is))
    await assert.rejects(confirmations.inEffect(2), fails('unconfirmed'))
    assert.equal(time.pending(), 0)
  })
})
