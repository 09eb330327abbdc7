/** Programs of several users at one socket: none of them keeps the others out, by any of what they share. */
import assert from 'node:assert/strict'
import { connect } from 'node:net'
import { suite, test } from 'node:test'
import {
  bytes,
  closed,
  connectP11,
  frame,
  INITIALIZE,
  mechanism,
  room,
  ulong,
} from '../../support/p11-client.ts'
import { until } from '../../support/until.ts'
import { PASSWORD } from '../../support/world.ts'
import { bench, C, M, type Program } from './fixture.ts'

const MIB = 1024 * 1024
const SESSION_COUNT = 0xb1
const NOT_LOGGED_IN = 0x101
const MALLORY = 1001
const ALICE = 1000

/** Who connects next, as far as the token is told. */
let peer: number | undefined
const asPeer = () => ({ peer: peer === undefined ? undefined : { pid: 1, uid: peer } })

/** Code 99 and a body of `length` bytes, of which `sent` follow. */
const unfinished = (length: number, sent: number) => {
  const header = Buffer.from('00000063 00000000 00000000'.replaceAll(' ', ''), 'hex')
  header.writeUInt32BE(length, 8)
  return Buffer.concat([header, Buffer.alloc(sent)])
}

async function digest(program: Program, session: number, size: number): Promise<number> {
  await program.call(C.DigestInit, ulong(session), mechanism(M.SHA256))
  return program.refusal(C.Digest, ulong(session), bytes(Buffer.alloc(size)), room(32))
}

suite('memory at the PKCS#11 socket', () => {
  const shared = bench(asPeer, { bounds: { memory: 16 * MIB } })
  const program = (who: number) => {
    peer = who
    return shared.program()
  }

  test('frames that are never finished leave room for those of others, and for more when they are gone', async () => {
    const hoarders = await Promise.all(Array.from({ length: 9 }, () => program(MALLORY)))
    for (const hoarder of hoarders) {
      await hoarder.login('bob')
      hoarder.send(unfinished(4 * MIB, MIB / 2))
    }
    const own = await program(MALLORY)
    const ownSession = await own.login('bob')
    let answered = false
    const waiting = digest(own, ownSession, 2 * MIB).finally(() => {
      answered = true
    })
    const other = await program(ALICE)
    assert.equal(await digest(other, await other.login(), 2 * MIB), 0)
    assert.equal(answered, false, 'their user waits for the memory that they have')
    for (const { stream } of hoarders) stream.destroy()
    assert.equal(await waiting, 0)
  })

  test('large answers that are not read count as well', async () => {
    const deaf = await program(MALLORY)
    const session = await deaf.login('bob')
    deaf.stream.pause()
    for (const _ of [1, 2]) deaf.send(frame(77, C.GenerateRandom, [ulong(session), room(4 * MIB)]))
    const own = await program(MALLORY)
    const ownSession = await own.login('bob')
    let answered = false
    const waiting = own.call(C.GenerateRandom, ulong(ownSession), room(MIB)).finally(() => {
      answered = true
    })
    const other = await program(ALICE)
    const random = await other.call(C.GenerateRandom, ulong(await other.login()), room(MIB))
    assert.equal(random.bytes?.length, MIB)
    assert.equal(answered, false)
    deaf.stream.destroy()
    assert.equal((await waiting).bytes?.length, MIB)
  })

  test('without a login no large frame is kept, and the connection lives', async () => {
    const anonymous = await program(ALICE)
    const session = await anonymous.open()
    assert.equal(await digest(anonymous, session, 1.5 * MIB), NOT_LOGGED_IN)
    assert.equal(await anonymous.refusal(C.DigestInit, ulong(session), mechanism(M.SHA256)), 0x90)
    assert.equal(await anonymous.refusal(C.Digest, ulong(session), bytes(Buffer.alloc(MIB / 2)), room(32)), 0)
    await anonymous.call(C.Login, ulong(session), ulong(1), bytes(`alice:${PASSWORD}`))
    assert.equal(await digest(anonymous, session, 1.5 * MIB), 0)
  })

  test('endless templates and requests for attributes are refused before they are looked at', async () => {
    const one = await program(ALICE)
    const session = await one.login()
    const many = (each: string, count: number) => {
      const body = Buffer.concat([Buffer.alloc(4), Buffer.alloc((each.length / 2) * count, each, 'hex')])
      body.writeUInt32BE(count)
      return body
    }
    const wanted = { letters: 'fA', bytes: () => many('0000000300000040', 200_000) }
    assert.equal(await one.refusal(C.GetAttributeValue, ulong(session), ulong(1), wanted), 0x30)
    const template = { letters: 'aA', bytes: () => many('00000003000000000000000000', 2000) }
    assert.equal(await one.refusal(C.FindObjectsInit, ulong(session), template), 0x30)
  })
})

suite('patience with frames at the PKCS#11 socket', () => {
  const shared = bench({}, { patience: { frameMs: 50 } })

  test('who does not finish what it has begun is let go, who is silent in between is not', async () => {
    const silent = await shared.program()
    const [slow, slower] = [await shared.program(), await shared.program()]
    slow.send(unfinished(1000, 10))
    slower.send(Buffer.of(0, 0))
    await Promise.all([closed(slow.stream), closed(slower.stream)])
    assert.equal((await silent.call(C.GetInfo)).texts.length, 2)
  })
})

suite('patience with beginners at the PKCS#11 socket', () => {
  const shared = bench({}, { patience: { beginMs: 500 } })

  test('who does not begin is let go, without a greeting, with no more than that, and after C_Finalize', async () => {
    const greeted = await connectP11(shared.path, { initialize: false })
    const ended = await shared.program()
    const stays = await shared.program()
    await ended.call(C.Finalize)
    await Promise.all([closed(connect(shared.path).resume()), closed(greeted.stream), closed(ended.stream)])
    assert.equal((await stays.call(C.GetInfo)).texts.length, 2)
  })
})

suite('patience with readers at the PKCS#11 socket', () => {
  const shared = bench({}, { patience: { replyMs: 50 } })

  test('who does not read its answers is let go', async () => {
    const near = connect(shared.path)
    near.on('error', () => undefined)
    near.pause()
    near.write(Buffer.of(0))
    near.write(frame(1, C.Initialize, INITIALIZE))
    const requests = Buffer.concat(Array.from({ length: 1000 }, () => frame(2, C.GetInfo, [])))
    // Far more than the system keeps on the way.
    for (let sent = 0; sent < 200; sent += 1) near.write(requests)
    await closed(near)
  })
})

suite('places at the PKCS#11 socket', () => {
  const shared = bench(asPeer, { bounds: { connections: 8, sessions: 16 } })
  const program = (who: number | undefined) => {
    peer = who
    return shared.program()
  }
  /** Resolves when the token knows it, too. */
  const end = async (...programs: readonly Program[]) => {
    const left = shared.pkcs11.connections() - programs.length
    for (const { stream } of programs) stream.destroy()
    await until('their places are free', () => shared.pkcs11.connections() <= left)
  }
  const several = async (count: number, who: number | undefined) => {
    const programs: Program[] = []
    for (let made = 0; made < count; made += 1) programs.push(await program(who))
    return programs
  }

  test('the oldest of a user’s programs that is not logged in gives way to another of theirs', async () => {
    const [loggedIn, oldest, second, third] = await several(4, MALLORY)
    assert.ok(loggedIn && oldest && second && third)
    await loggedIn.login()
    const gone = closed(oldest.stream)
    const next = await program(MALLORY)
    await gone
    for (const one of [loggedIn, second, third, next])
      assert.equal((await one.call(C.GetInfo)).texts.length, 2)
    await end(loggedIn, second, third, next)
  })

  test('who is logged in does not give way, and another user finds a place', async () => {
    const programs = await several(4, MALLORY)
    for (const one of programs) await one.login()
    const other = await program(ALICE)
    await assert.rejects(program(MALLORY))
    assert.equal((await other.call(C.GetInfo)).texts.length, 2, 'and keeps it')
    await end(...programs, other)
  })

  test('who has logged out gives way again', async () => {
    const programs = await several(4, MALLORY)
    const sessions: number[] = []
    for (const one of programs) sessions.push(await one.login())
    const [first, second] = programs
    assert.ok(first && second)
    await second.call(C.Logout, ulong(sessions[1] ?? 0))
    const gone = closed(second.stream)
    const next = await program(MALLORY)
    await gone
    assert.equal((await first.call(C.GetInfo)).texts.length, 2)
    await end(...programs.filter((one) => one !== second), next)
  })

  test('where users are not known, the oldest that is not logged in gives way', async () => {
    const programs = await several(7, undefined)
    const [first, second] = programs
    assert.ok(first && second)
    await first.login()
    const gone = closed(second.stream)
    const next = await program(undefined)
    await gone
    assert.equal((await first.call(C.GetInfo)).texts.length, 2)
    await end(...programs.filter((one) => one !== second), next)
  })

  test('a place is free again when a program has hung up, also with its half of the connection only', async () => {
    const programs = await several(4, MALLORY)
    for (const one of programs) await one.login()
    programs[0]?.stream.end()
    await until('its place is free', () => shared.pkcs11.connections() <= 3)
    const next = await program(MALLORY)
    await end(...programs.slice(1), next)
  })

  test('sessions: each user has a share of them, and gets back what it gives back', async () => {
    const [one, two] = await several(2, MALLORY)
    assert.ok(one && two)
    const sessions: number[] = []
    for (let opened = 0; opened < 8; opened += 1) sessions.push(await (opened % 2 ? one : two).open())
    assert.equal(await one.refusal(C.OpenSession, ulong(0), ulong(4)), SESSION_COUNT)
    const other = await program(ALICE)
    await other.open()
    await other.call(C.Finalize)
    await two.call(C.CloseSession, ulong(sessions[0] ?? 0))
    await one.open()
    assert.equal(await one.refusal(C.OpenSession, ulong(0), ulong(4)), SESSION_COUNT)
    await end(two)
    await one.open()
    await end(one, other)
  })
})
