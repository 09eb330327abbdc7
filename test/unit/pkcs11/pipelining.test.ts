/** A program that asks for many things at once: no more of them are under way than may be, and in the end all are answered. */
import assert from 'node:assert/strict'
import { duplexPair } from 'node:stream'
import { suite, test } from 'node:test'
import { setImmediate } from 'node:timers/promises'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { BOUNDS } from '../../../src/pkcs11/bounds.ts'
import { writeRefusal } from '../../../src/pkcs11/rpc/requests.ts'
import { createPkcs11, type ProgramSnapshot } from '../../../src/pkcs11/serve.ts'
import { frame, INITIALIZE, speak, ulong } from '../../support/p11-client.ts'
import { C } from './fixture.ts'

const MANY = 3 * BOUNDS.callsUnderWay + 1
/** All of them are refused in the end. */
const REFUSAL_BYTES = writeRefusal(1, 0).length
const FIRST_CODE = 1000
/** Each asks the HSM for the serial of its token. */
const REQUESTS = Array.from({ length: MANY }, (_, index) =>
  frame(FIRST_CODE + index, C.GetTokenInfo, [ulong(0)]),
)

/** What can be done in some turns of the event loop is done. */
async function settled() {
  for (let turn = 0; turn < 20; turn += 1) await setImmediate()
}

/** A program that has begun, at an HSM that answers when it is told to. */
async function begun() {
  const waiting: (() => void)[] = []
  const asked = { count: 0, most: 0 }
  const hsm: Hsm = {
    async call() {
      asked.count += 1
      await new Promise<void>((resolve) => {
        waiting.push(resolve)
        asked.most = Math.max(asked.most, waiting.length)
      })
      throw new HsmError('unavailable')
    },
  }
  const pkcs11 = createPkcs11({ hsm, version: '1.2.3', log: () => undefined })
  const [near, far] = duplexPair()
  const snapshots: ProgramSnapshot[] = []
  void pkcs11.serve(far, { onIdle: (snapshot) => void snapshots.push(snapshot) })
  const answered = { count: 0 }
  const program = speak(near, 0)
  near.write(Buffer.of(0))
  await program.answered
  await program.call(C.Initialize, ...INITIALIZE)
  near.on('data', ({ length }: Buffer) => {
    answered.count += length / REFUSAL_BYTES
  })
  const go = () => {
    for (const answers of waiting.splice(0)) answers()
  }
  const answer = async () => {
    go()
    await settled()
  }
  return { pkcs11, near, far, asked, answered, snapshots, go, answer }
}

/** Nothing has to be waited for: there is no such slot. */
const AT_ONCE = Array.from({ length: MANY }, (_, index) =>
  frame(FIRST_CODE + index, C.GetSlotInfo, [ulong(1)]),
)

suite('requests that come in one piece', () => {
  test('are answered in one piece, and before anything else is done, when nothing has to be waited for', async (t) => {
    const { near, far, answered, pkcs11 } = await begun()
    // However busy the machine is, the turn is not over.
    t.mock.method(performance, 'now', () => 0)
    const pieces: number[] = []
    near.on('data', () => pieces.push(answered.count))
    const few = AT_ONCE.slice(0, 4)
    far.push(Buffer.concat(few))
    await new Promise(process.nextTick)
    await new Promise(process.nextTick)
    assert.deepEqual(pieces, [few.length])
    await pkcs11.close()
  })

  test('are answered over several turns of the event loop when they are many, so that others have theirs', async () => {
    const { near, answered, pkcs11 } = await begun()
    near.write(Buffer.concat(AT_ONCE))
    let before = 0
    while (answered.count < MANY) {
      await setImmediate()
      assert.ok(answered.count - before <= BOUNDS.callsUnderWay)
      before = answered.count
    }
    await pkcs11.close()
  })

  test('are handed on as far as they may be under way, and then the next ones', async () => {
    const { near, asked, answered, answer, pkcs11 } = await begun()
    near.write(Buffer.concat(REQUESTS))
    await settled()
    assert.equal(asked.count, BOUNDS.callsUnderWay)
    while (answered.count < MANY) await answer()
    assert.deepEqual(asked, { count: MANY, most: BOUNDS.callsUnderWay })
    await pkcs11.close()
  })

  test('are all answered before another process goes on', async () => {
    const { near, answered, answer, snapshots, pkcs11 } = await begun()
    near.write(Buffer.concat(REQUESTS))
    await settled()
    const released = pkcs11.release()
    while (answered.count < MANY) {
      assert.deepEqual(snapshots, [])
      await answer()
    }
    await released
    assert.equal(snapshots.length, 1)
    await pkcs11.close()
  })

  test('are forgotten when their program is gone, which keeps nobody waiting', async () => {
    const { far, asked, answer, pkcs11 } = await begun()
    far.push(Buffer.concat(REQUESTS))
    await settled()
    const released = pkcs11.release()
    far.destroy()
    await answer()
    await released
    assert.equal(asked.count, BOUNDS.callsUnderWay)
    assert.equal(pkcs11.connections(), 0)
  })

  test('are forgotten, too, when it goes as the next ones are to be handed on', async () => {
    const { far, asked, go, answer, pkcs11 } = await begun()
    const now = REQUESTS.slice(0, BOUNDS.callsUnderWay)
    far.push(Buffer.concat([...now, frame(1, C.Initialize, INITIALIZE), ...REQUESTS]))
    await settled()
    go()
    // All that follows from the answers is done, but for what waits for the next turn.
    await new Promise(process.nextTick)
    far.destroy()
    await answer()
    assert.equal(asked.count, BOUNDS.callsUnderWay)
    await pkcs11.close()
  })

  test('what follows them and is no request closes the connection when it is its turn', async () => {
    const { near, far, asked, answer, pkcs11 } = await begun()
    near.write(Buffer.concat([...REQUESTS, Buffer.alloc(12)]))
    await settled()
    assert.equal(far.destroyed, false)
    while (!far.destroyed) await answer()
    assert.ok(asked.count > MANY - BOUNDS.callsUnderWay)
    await answer()
    await pkcs11.close()
  })
})
