/** Another process goes on with a connection: what it needs is in the snapshot, and nothing that was asked is lost. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { createPkcs11, type Pkcs11, type ProgramSnapshot } from '../../../src/pkcs11/serve.ts'
import { testEngine } from '../../support/engine.ts'
import { bytes, INITIALIZE, mechanism, room, speak, template, ulong } from '../../support/p11-client.ts'
import { createWorld, PASSWORD } from '../../support/world.ts'
import { A, C, M, programOf } from './fixture.ts'

suite('PKCS#11 connections handed over', () => {
  /** A program connected to `first`, whose connection `second` can take up: two processes would both have it open. */
  async function handover() {
    const engine = await testEngine()
    await createWorld(engine)
    const make = () => createPkcs11({ hsm: engine, version: '1.2.3', log: () => undefined })
    const [first, second] = [make(), make()]
    const path = join(tmpdir(), `strongroom-test-${process.pid}-${Math.random().toString(36).slice(2)}.sock`)
    const snapshots: ProgramSnapshot[] = []
    const { promise: accepted, resolve } = Promise.withResolvers<Socket>()
    const server = createServer({ pauseOnConnect: true }, resolve).listen(path)
    await once(server, 'listening')
    const near = connect(path)
    const far = await accepted
    server.close()
    const events: string[] = []
    void first.serve(far, {
      onIdle(snapshot) {
        events.push('idle')
        snapshots.push(structuredClone(snapshot))
      },
      onBusy: () => events.push('busy'),
    })
    far.resume()
    const client = speak(near, 2)
    near.write(Buffer.of(2))
    const program = programOf({ ...client, answered: await client.answered })
    const takeOver = async (pkcs11: Pkcs11) => {
      const snapshot = snapshots.at(-1)
      assert.ok(snapshot)
      far.removeAllListeners('data')
      far.removeAllListeners('drain')
      void pkcs11.serve(far, { snapshot })
      far.resume()
    }
    const close = async () => {
      near.destroy()
      await second.close()
      await engine.close()
    }
    return { engine, program, first, second, takeOver, snapshots, events, close }
  }

  test('sessions, login and handles go on; what was under way is over', async () => {
    const { program, first, second, takeOver, close } = await handover()
    await program.call(C.Initialize, ...INITIALIZE)
    const session = await program.login()
    const s = ulong(session)
    const token = [A.TOKEN, true] as const
    const made = await program.call(
      C.GenerateKey,
      s,
      mechanism(M.AES_GEN),
      template([A.VALUE_LEN, 32], [A.ENCRYPT, true], token),
    )
    const key = ulong(made.numbers[0] ?? 0)
    const begin = () => program.call(C.EncryptInit, s, mechanism(M.AES_CBC, Buffer.alloc(16)), key)
    await begin()
    await first.release()
    await takeOver(second)
    assert.equal(await program.refusal(C.EncryptUpdate, s, bytes('x'), room(16)), 0x91)
    await begin()
    assert.equal((await program.call(C.Encrypt, s, bytes('sixteen bytes...'), room(16))).length, 16)
    assert.equal(await program.refusal(C.Login, s, ulong(1), bytes(`bob:${PASSWORD}`)), 0x100)
    assert.equal(await program.open(), session + 1)
    const another = await program.call(
      C.GenerateKey,
      s,
      mechanism(M.AES_GEN),
      template([A.VALUE_LEN, 32], token),
    )
    assert.ok((another.numbers[0] ?? 0) > (made.numbers[0] ?? 0), 'no handle is used again')
    await close()
  })

  test('what is under way at the release is answered before it', async () => {
    const { program, first, snapshots, close } = await handover()
    await program.call(C.Initialize, ...INITIALIZE)
    const s = ulong(await program.login())
    const asked = Promise.all(Array.from({ length: 20 }, () => program.call(C.GenerateRandom, s, room(1000))))
    await program.call(C.GetInfo)
    await first.release()
    assert.equal(snapshots.length, 1)
    assert.ok((await asked).every(({ length }) => length === 1000))
    await close()
  })

  test('a snapshot has no password in it', async () => {
    const { program, first, snapshots, close } = await handover()
    await program.call(C.Initialize, ...INITIALIZE)
    await program.login()
    await first.release()
    assert.equal(snapshots.length, 1)
    assert.equal(snapshots[0]?.application.login?.username, 'alice')
    assert.equal(JSON.stringify(snapshots).includes(PASSWORD), false)
    await close()
  })

  test('a program whose logins were ended meanwhile is logged out', async () => {
    const { engine, program, first, second, takeOver, close } = await handover()
    await program.call(C.Initialize, ...INITIALIZE)
    const s = ulong(await program.login())
    await first.release()
    const who = { username: 'admin', role: 'admin', password: PASSWORD } as const
    const { token } = await engine.call('session.login', who)
    await engine.call('user.logout', { username: 'alice', role: 'crypto-user' }, token)
    await takeOver(second)
    assert.equal(await program.refusal(C.GenerateRandom, s, room(8)), 0x101)
    await close()
  })

  test('a program that has not begun has no snapshot', async () => {
    const { first, snapshots, close } = await handover()
    await first.release()
    assert.deepEqual(snapshots, [])
    await close()
  })
})
