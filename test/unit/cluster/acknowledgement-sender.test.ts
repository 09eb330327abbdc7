import assert from 'node:assert/strict'
import { beforeEach, suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import {
  type AcknowledgementSender,
  createAcknowledgementSender,
} from '../../../src/cluster/acknowledgement-sender.ts'

suite('acknowledging', () => {
  let newest: number
  let told: number[]
  let telling: boolean
  let drain: PromiseWithResolvers<void> | undefined
  let sender: AcknowledgementSender
  const turns = async () => {
    for (let turn = 0; turn < 3; turn++) await setImmediate()
  }

  beforeEach(() => {
    newest = 0
    told = []
    telling = true
    drain = undefined
    sender = createAcknowledgementSender({
      newestRevision: () => newest,
      settled: async () => drain?.promise,
      async tell(revision) {
        told.push(revision)
        return telling
      },
    })
  })

  test('tells the newest revision, once', async () => {
    sender.upTo(3)
    newest = 4
    await turns()
    sender.upTo(4)
    await turns()
    assert.deepEqual(told, [4])
  })

  test('waits for the uses that were ended; what comes meanwhile goes with the next word', async () => {
    drain = Promise.withResolvers()
    newest = 3
    sender.upTo(3)
    await turns()
    assert.deepEqual(told, [])
    for (newest = 4; newest < 7; newest++) sender.upTo(newest)
    drain.resolve()
    await turns()
    assert.deepEqual(told, [3, 7])
  })

  test('gives up when it could not tell, and tries again when asked', async () => {
    newest = 3
    telling = false
    sender.upTo(3)
    await turns()
    telling = true
    sender.upTo(3)
    await turns()
    assert.deepEqual(told, [3, 3])
  })

  test('hears of what comes in the very moment in which it has told everything', async () => {
    for (let moment = 0; moment < 8; moment++) {
      sender.upTo(++newest)
      for (let waited = 0; told.at(-1) !== newest; waited++) {
        assert.ok(waited < 1000, 'it has not told the newest')
        await undefined
      }
      for (let passed = 0; passed < moment; passed++) await undefined
      sender.upTo(++newest)
      await turns()
      assert.equal(told.at(-1), newest)
    }
  })

  test('tells all again after a new beginning', async () => {
    newest = 3
    sender.upTo(3)
    await turns()
    sender.startOver()
    sender.upTo(3)
    await turns()
    assert.deepEqual(told, [3, 3])
  })
})
