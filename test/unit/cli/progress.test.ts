import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createProgress } from '../../../src/cli/progress.ts'

function progressAt() {
  let [time, written] = [0, '']
  const progress = createProgress(
    (text) => {
      written += text
    },
    () => time,
  )
  return {
    at(ms: number, done: number) {
      time = ms
      progress.show(done, 300)
    },
    end: progress.end,
    written: () => written,
  }
}

test('work that is done in a moment shows nothing, not even its summary', () => {
  const work = progressAt()
  work.at(900, 100)
  work.end('300 keys')
  assert.equal(work.written(), '')
})

test('longer work shows one line, not too often, which the summary replaces', () => {
  const work = progressAt()
  for (const [ms, done] of [
    [500, 50],
    [1000, 100],
    [1050, 150],
    [1100, 200],
  ] as const)
    work.at(ms, done)
  work.end('300 keys')
  work.end()
  assert.equal(work.written(), '\r\u001b[K100 of 300 keys\r\u001b[K200 of 300 keys\r\u001b[K300 keys\n')
})
