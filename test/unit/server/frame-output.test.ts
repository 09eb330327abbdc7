/** When replies leave: together, and soon. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import type { TLSSocket } from 'node:tls'
import { createWaits } from '../../../src/base/waits.ts'
import { TELL } from '../../../src/contract/wire.ts'
import { createOutput } from '../../../src/server/frames/output.ts'

/** The lengths of what was written, in frames of nine bytes. */
function outputTo(t: TestContext, due: () => number) {
  t.mock.timers.enable({ apis: ['setTimeout', 'setImmediate'] })
  const writes: number[] = []
  const socket = {
    writable: true,
    writableLength: 0,
    write(bytes: Buffer, done: () => void) {
      writes.push(bytes.length / 9)
      done()
    },
  }
  const output = createOutput({
    socket: socket as unknown as TLSSocket,
    waits: createWaits(1000),
    onDeaf: () => undefined,
    onDrained: () => undefined,
    due,
  })
  let id = 0
  return {
    writes,
    /** In one turn. */
    send(count: number) {
      for (const last = id + count; id < last; id += 1) output.send(TELL.reply, id)
      t.mock.timers.tick(0)
    },
  }
}

test('replies of one turn leave in one write at its end', (t) => {
  const { writes, send } = outputTo(t, () => 0)
  send(3)
  send(2)
  assert.deepEqual(writes, [3, 2])
})

test('a reply waits for others when many are due, until there are enough of them', (t) => {
  const { writes, send } = outputTo(t, () => 24)
  send(1)
  send(1)
  assert.deepEqual(writes, [])
  send(1)
  assert.deepEqual(writes, [3])
})

test('but not for long, and not for a few', (t) => {
  let due = 24
  const { writes, send } = outputTo(t, () => due)
  send(1)
  t.mock.timers.tick(1)
  assert.deepEqual(writes, [1])
  due = 8
  send(1)
  assert.deepEqual(writes, [1, 1])
})
