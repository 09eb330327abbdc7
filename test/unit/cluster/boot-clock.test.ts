import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { createBootClock } from '../../../src/cluster/boot-clock.ts'
import type { Clock } from '../../../src/cluster/timing.ts'

suite('the clock that counts suspend', () => {
  let awakeMs: number
  let wallMs: number
  let uptimeMs: number
  let questions: number
  let clock: Clock
  let began: number
  const passed = () => Math.round(clock() - began)

  beforeEach(() => {
    ;[awakeMs, wallMs, uptimeMs, questions] = [5000, 1.7e12, 60_000, 0]
    clock = createBootClock({
      monotonic: () => awakeMs,
      wall: () => wallMs,
      uptime() {
        questions += 1
        return Math.floor(uptimeMs / 10) / 100
      },
    })
    began = clock()
    questions = 0
  })
  const live = (ms: number) => {
    awakeMs += ms
    wallMs += ms
    uptimeMs += ms
  }
  const suspend = (ms: number) => {
    wallMs += ms
    uptimeMs += ms
  }

  test('counts what passes awake, and asks nothing', () => {
    live(12_345)
    assert.equal(passed(), 12_345)
    assert.equal(questions, 0)
  })

  test('counts what passes in suspend', () => {
    live(1000)
    suspend(7000)
    live(500)
    assert.equal(passed(), 8500)
    assert.equal(questions, 1)
  })

  test('counts many short suspends', () => {
    for (let nap = 0; nap < 100; nap++) {
      suspend(30)
      live(10)
      assert.ok(Math.abs(passed() - (nap + 1) * 40) <= 60, `nap ${nap}: ${passed()}`)
    }
  })

  test('does not follow a wall clock that is set, forward or back', () => {
    live(1000)
    for (const step of [3_600_000, -7_200_000]) {
      wallMs += step
      assert.ok(Math.abs(passed() - 1000) <= 10)
    }
    assert.equal(questions, 2)
  })

  test('never goes back', () => {
    let last = clock()
    for (let step = 0; step < 50; step++) {
      live(step % 7)
      wallMs += step % 2 ? 60 : -60
      assert.ok(clock() >= last)
      last = clock()
    }
  })
})
