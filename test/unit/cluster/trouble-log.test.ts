/** What the log says of a trouble that lasts. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createTroubleLog } from '../../../src/cluster/trouble-log.ts'

test('a trouble is told at once, then ever less often, and its end with what it came to', () => {
  let now = 0
  const lines: string[] = []
  const { report, over } = createTroubleLog(
    (level, { problem, times, seconds }, message) =>
      lines.push(`${now / 1000} ${level} ${message} ${problem ?? seconds} ${times}`),
    () => now,
    { trouble: 'trouble', over: 'over' },
  )
  over()
  for (; now < 60_000; now += 1000) report(new Error('x'))
  over()
  over()
  report('y')
  assert.deepEqual(lines, [
    '0 warn trouble x 1',
    '5 warn trouble x 6',
    '15 warn trouble x 16',
    '35 warn trouble x 36',
    '60 info over 60 60',
    '60 warn trouble y 1',
  ])
})

test('one whose end cannot be known has none', () => {
  const lines: string[] = []
  const { report, over } = createTroubleLog(
    (_, __, message) => lines.push(message),
    () => 0,
    { trouble: 'trouble' },
  )
  report('x')
  over()
  assert.deepEqual(lines, ['trouble'])
})

test('it is never silent for longer than five minutes', () => {
  let now = 0
  const told: number[] = []
  const { report } = createTroubleLog(
    () => told.push(now),
    () => now,
    { trouble: '', over: '' },
  )
  for (; now < 7_200_000; now += 1000) report(new Error('x'))
  const gaps = told.slice(1).map((at, before) => at - (told[before] ?? 0))
  assert.ok(gaps.length > 20 && gaps.every((gap) => gap <= 300_000))
})
