/** The protocol itself: hello, frames, signatures, and everything that is wrong with them. */
import assert from 'node:assert/strict'
import { Socket } from 'node:net'
import { suite, test } from 'node:test'
import {
  type Argument,
  byte,
  bytes,
  closed,
  connectP11,
  frame,
  INITIALIZE,
  listRoom,
  mechanism,
  room,
  speak,
  template,
  ulong,
} from '../../support/p11-client.ts'
import { A, bench, C, M, TRANSPORTS } from './fixture.ts'

for (const transport of TRANSPORTS) {
  suite(`PKCS#11 protocol, over ${transport}`, () => {
    const shared = bench({}, { transport })

    for (const [offered, answered] of [
      [0, 0],
      [1, 1],
      [2, 1],
      [9, 1],
    ] as const) {
      test(`a client that offers version ${offered} is answered ${answered}, and understood`, async () => {
        const program = await shared.program({ offered })
        assert.equal(program.answered, answered)
        const session = await program.login()
        const handles = await program.call(
          C.GenerateKey,
          ulong(session),
          mechanism(M.AES_GEN),
          template([A.VALUE_LEN, 32], [A.ENCRYPT, true], [A.DECRYPT, true]),
        )
        const key = ulong(handles.numbers[0] ?? 0)
        await program.call(C.EncryptInit, ulong(session), mechanism(M.AES_CBC, Buffer.alloc(16)), key)
        const sealed = await program.call(C.Encrypt, ulong(session), bytes('sixteen bytes...'), room(16))
        await program.call(C.DecryptInit, ulong(session), mechanism(M.AES_CBC, Buffer.alloc(16)), key)
        const opened = await program.call(C.Decrypt, ulong(session), bytes(sealed.bytes), room(16))
        assert.equal(opened.bytes?.toString(), 'sixteen bytes...')
      })
    }

    test('an attribute without a value is refused for that', async () => {
      const program = await shared.program({ offered: 1 })
      const session = ulong(await program.login())
      const withoutValue: Argument = { letters: 'aA', bytes: () => Buffer.from('000000010000000300', 'hex') }
      assert.equal(await program.refusal(C.FindObjectsInit, session, withoutValue), 0x13)
    })

    test('requests are answered whatever pieces they come in', async () => {
      const near = await shared.open()
      if (near instanceof Socket) near.setNoDelay()
      const client = speak(near, 0)
      const all = Buffer.concat([
        Buffer.of(0),
        frame(100, C.Initialize, INITIALIZE),
        frame(101, C.GetSlotList, [byte(1), listRoom(4)]),
      ])
      for (const one of all) near.write(Buffer.of(one))
      await client.answered
      const { list } = await client.call(C.GetSlotList, byte(1), listRoom(4))
      assert.deepEqual(list, [0])
    })

    test('many requests in one piece are all answered', async () => {
      const program = await shared.program()
      const answers = await Promise.all(
        Array.from({ length: 200 }, () => program.call(C.GetSlotList, byte(1), listRoom(4))),
      )
      assert.ok(answers.every(({ list }) => list[0] === 0))
    })

    test('the answers to a length query and to a list that does not fit are the count', async () => {
      const program = await shared.program()
      const asked = await program.call(C.GetSlotList, byte(1), listRoom(0))
      assert.deepEqual([asked.length, asked.list], [1, []])
      const { length } = await program.call(C.GetMechanismList, ulong(0), listRoom(0))
      const short = await program.call(C.GetMechanismList, ulong(0), listRoom(length - 1))
      assert.deepEqual([short.length, short.list], [length, []])
      const whole = await program.call(C.GetMechanismList, ulong(0), listRoom(length))
      assert.equal(whole.list.length, length)
    })

    test('before C_Initialize and after C_Finalize there is nothing', async () => {
      const client = await connectP11(await shared.open(), { initialize: false })
      assert.equal(await client.refusal(C.GetInfo), 0x190)
      assert.equal(await client.refusal(C.Finalize), 0x190)
      await client.call(C.Initialize, ...INITIALIZE)
      assert.equal(await client.refusal(C.Initialize, ...INITIALIZE), 0x191)
      await client.call(C.Finalize)
      assert.equal(await client.refusal(C.GetInfo), 0x190)
    })

    test('who does not say what the client library says first is no client', async () => {
      const client = await connectP11(await shared.open(), { initialize: false })
      assert.equal(await client.refusal(C.Initialize, bytes('PRIVATE'), byte(0), bytes('\0')), 0x30)
      assert.equal(await client.refusal(C.GetInfo), 0x190)
    })

    test('calls that the token does not answer are CKR_FUNCTION_NOT_SUPPORTED', async () => {
      const program = await shared.program()
      const session = await program.open()
      for (const id of [9, 14, 16, 17, 46, 47, 52, 53, 54, 55, 56, 57, 68, 87, 88, 89]) {
        assert.equal(await program.refusal(id, ulong(session)), 0x54, `call ${id}`)
      }
    })

    test('a body that does not follow the protocol is CKR_DEVICE_ERROR, and the connection lives', async () => {
      const program = await shared.program()
      const wrong = [
        { letters: 'y', bytes: () => Buffer.alloc(8) },
        { letters: 'u', bytes: () => Buffer.alloc(7) },
        { letters: 'u', bytes: () => Buffer.alloc(9) },
        { letters: 'uu', bytes: () => Buffer.alloc(16) },
      ]
      for (const argument of wrong) assert.equal(await program.refusal(C.GetSlotInfo, argument), 0x30)
      assert.equal(await program.refusal(90), 0x30)
      assert.equal(await program.refusal(0), 0x30)
      assert.equal((await program.call(C.GetSlotInfo, ulong(0))).texts.length, 2)
    })

    test('a length that is not there is not believed', async () => {
      const program = await shared.program()
      const session = await program.login()
      const huge = { letters: 'ay', bytes: () => Buffer.from('01ffffff00', 'hex') }
      await program.call(C.DigestInit, ulong(session), mechanism(M.SHA256))
      assert.equal(await program.refusal(C.DigestUpdate, ulong(session), huge), 0x30)
      const manyAttributes = { letters: 'aA', bytes: () => Buffer.from('7fffffff', 'hex') }
      assert.equal(await program.refusal(C.FindObjectsInit, ulong(session), manyAttributes), 0x30)
      const manyWanted = { letters: 'fA', bytes: () => Buffer.from('7fffffff', 'hex') }
      assert.equal(await program.refusal(C.GetAttributeValue, ulong(session), ulong(1), manyWanted), 0x30)
    })

    test('templates within templates end somewhere', async () => {
      const program = await shared.program()
      const session = await program.login()
      const nested = Buffer.concat(
        Array.from({ length: 1000 }, () => Buffer.from('00000001400002110100000018', 'hex')),
      )
      const deep = { letters: 'aA', bytes: () => Buffer.concat([nested, Buffer.alloc(4)]) }
      assert.equal(await program.refusal(C.FindObjectsInit, ulong(session), deep), 0x30)
    })

    for (const [what, header] of [
      ['announces 2 GB', '0000001000000000 7fffffff'],
      ['announces 4 GB in each half', '00000010ffffffffffffffff'],
      ['has code 0', '000000000000000000000004'],
    ] as const) {
      test(`a frame that ${what} ends the connection, and no other`, async () => {
        const { program, log } = shared
        log.length = 0
        const bad = await program()
        const good = await program()
        bad.send(Buffer.from(header.replace(' ', ''), 'hex'))
        await closed(bad.stream)
        const lines = log.map(({ level, message: text }) => [level, text])
        assert.deepEqual(lines, [['warn', 'a PKCS#11 connection was closed']])
        assert.equal((await good.call(C.GetSlotInfo, ulong(0))).texts.length, 2)
      })
    }

    test('a program that does not read its answers is not asked for more', async () => {
      const { open, program } = shared
      const near = await open()
      near.pause()
      near.write(Buffer.of(0))
      near.write(frame(1, C.Initialize, INITIALIZE))
      const requests = Buffer.concat(Array.from({ length: 1000 }, () => frame(2, C.GetInfo, [])))
      // Far more than the system keeps on the way.
      for (let sent = 0; sent < 1000; sent += 1) near.write(requests)
      const other = await program()
      for (let asked = 0; asked < 100; asked += 1) {
        assert.equal((await other.call(C.GetInfo)).texts.length, 2)
      }
      assert.ok(near.writableLength > 0, 'what is not asked for stays with the program')
      near.destroy()
    })
  })
}
