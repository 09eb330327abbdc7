/** Programs that come over TLS: they have the budgets of the listener, and nobody of them stays or keeps others out. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { createPkcs11, type Pkcs11Needs } from '../../../src/pkcs11/serve.ts'
import type { ServerLimits } from '../../../src/server/https-server.ts'
import { testEngine } from '../../support/engine.ts'
import { bytes, closed, connectP11, OWN, ulong } from '../../support/p11-client.ts'
import { servePkcs11OverTls } from '../../support/pkcs11-over-tls.ts'
import { until } from '../../support/until.ts'
import { createWorld, PASSWORD } from '../../support/world.ts'
import { C, programOf } from './fixture.ts'

type Unusual = Pick<Pkcs11Needs, 'patience'> & {
  readonly limits?: Partial<ServerLimits>
  readonly through?: (hsm: Hsm) => Hsm
  readonly isServing?: () => boolean
}

async function tlsBench(
  t: TestContext,
  { limits = {}, patience = {}, through = (hsm) => hsm, isServing }: Unusual = {},
) {
  const engine = await testEngine()
  const world = await createWorld(engine)
  const pkcs11 = createPkcs11({ hsm: through(engine), version: '1.2.3', log: () => undefined, patience })
  const server = await servePkcs11OverTls(pkcs11, engine, { limits, ...(isServing && { isServing }) })
  t.after(async () => {
    await server.close()
    await pkcs11.close()
    await engine.close()
  })
  const program = async () => programOf(await connectP11(await server.open()))
  return { engine, world, pkcs11, server, program }
}

const FROM_AFAR = { kind: 'pkcs11', address: '127.0.0.1' } as const

const logins = async (hsm: Hsm) => (await hsm.call('cluster.status', {})).sessions

test('the audit log has the address of the program', async (t) => {
  const { program, world } = await tlsBench(t)
  await (await program()).login()
  const { entries } = await world.as('admin', 'audit.list', {})
  const last = entries.findLast(({ operation }) => operation === 'session.login')
  assert.equal(last?.source, 'pkcs11 127.0.0.1')
})

test('a login of our own module outlives a connection that breaks, not its session; others’ end', async (t) => {
  const { server, world, pkcs11 } = await tlsBench(t)
  const before = await logins(world.hsm)
  const broken = async (offered: number) => {
    const one = programOf(await connectP11(await server.open(), { offered }))
    const session = await one.open()
    const { credential } = await one.call(C.Login, ulong(session), ulong(1), bytes(`alice:${PASSWORD}`))
    one.stream.destroy()
    await until('the connection is gone', () => pkcs11.connections() === 0)
    assert.equal(await logins(world.hsm), before)
    return credential
  }
  assert.equal(await broken(0), undefined)
  const credential = await broken(OWN)
  assert.ok(credential)
  const { username } = await world.hsm.call('session.resume', { credential }, undefined, FROM_AFAR)
  assert.equal(username, 'alice')
  const { entries } = await world.as('admin', 'audit.list', {})
  const ends = entries
    .map(({ operation }) => operation)
    .filter((name) => /^session.(close|logout)$/.test(name))
  assert.deepEqual(ends, ['session.logout', 'session.close'])
})

test('who does not begin is let go', async (t) => {
  const { server } = await tlsBench(t, { patience: { beginMs: 50 } })
  await closed((await server.open()).resume())
})

test('who does not log in is let go when it has been there for as long as others are idle', async (t) => {
  const { program } = await tlsBench(t, { limits: { idleConnectionMs: 50, anonymousConnectionMs: 10_000 } })
  await closed((await program()).stream)
})

test('who is logged in stays, and is let go when it has logged out', async (t) => {
  const { program } = await tlsBench(t, { limits: { idleConnectionMs: 500 } })
  const one = await program()
  const session = await one.login()
  // Others come and go meanwhile.
  await closed((await program()).stream)
  assert.equal(await one.refusal(C.GetSessionInfo, ulong(session)), 0)
  await one.call(C.Logout, ulong(session))
  await closed(one.stream)
})

test('at the limit, who is not logged in gives way, and who is does not', async (t) => {
  const { program } = await tlsBench(t, { limits: { connections: 3 } })
  const one = await program()
  const session = await one.login()
  const [oldest, newer] = [await program(), await program()]
  const newest = await program()
  await closed(oldest.stream)
  assert.equal(await newer.refusal(C.GetInfo), 0)
  assert.equal(await newest.refusal(C.GetInfo), 0)
  assert.equal(await one.refusal(C.GetSessionInfo, ulong(session)), 0)
})

test('a login under way does not give way', async (t) => {
  const begun = Promise.withResolvers<void>()
  const goOn = Promise.withResolvers<void>()
  const through = (hsm: Hsm): Hsm => ({
    async call(operation, request, session, source) {
      if (operation === 'session.login') {
        begun.resolve()
        await goOn.promise
      }
      return hsm.call(operation, request, session, source)
    },
  })
  const { program } = await tlsBench(t, { limits: { connections: 2 }, through })
  const one = await program()
  const session = await one.open()
  const login = one.refusal(C.Login, ulong(session), ulong(1), bytes(`alice:${PASSWORD}`))
  await begun.promise
  const other = await program()
  const newest = await program()
  await closed(other.stream)
  goOn.resolve()
  assert.equal(await login, 0)
  assert.equal(await newest.refusal(C.GetInfo), 0)
})

test('what programs ask without a login is some of what all peers without one have', async (t) => {
  const goOn = Promise.withResolvers<void>()
  const through = (hsm: Hsm): Hsm => ({
    async call(operation, request, session, source) {
      if (operation === 'session.login') await goOn.promise
      return hsm.call(operation, request, session, source)
    },
  })
  const { program } = await tlsBench(t, { limits: { anonymousRequestsPerPeer: 2 }, through })
  const programs = await Promise.all([1, 2, 3].map(() => program()))
  const sessions = await Promise.all(programs.map((one) => one.open()))
  const refusals = programs.map((one, at) =>
    one.refusal(C.Login, ulong(sessions[at] ?? 0), ulong(1), bytes(`alice:${PASSWORD}`)),
  )
  const first = await Promise.race(refusals)
  assert.notEqual(first, 0)
  goOn.resolve()
  const all = await Promise.all(refusals)
  assert.deepEqual(all.filter((value) => value === 0).length, 2)
})

test('what a peer costs before anybody there has logged in is limited, and waits until it may go on', async (t) => {
  const { program } = await tlsBench(t, {
    limits: { anonymousMsPerSecond: 2, anonymousBurstMs: 6, allAnonymousMsPerSecond: 2 },
  })
  const one = await program()
  const session = await one.login()
  const flood = await program()
  const asked = Array.from({ length: 5000 }, () => flood.refusal(C.GetInfo).catch(() => -1))
  // Who is logged in does not wait for what the others have used up.
  for (let count = 0; count < 100; count += 1)
    assert.equal(await one.refusal(C.GetSessionInfo, ulong(session)), 0)
  const states = await Promise.all(asked.map((one) => Promise.race([one, Promise.resolve('waits')])))
  assert.ok(states.includes('waits'))
  flood.stream.destroy()
  await Promise.all(asked)
})

test('an HSM that does not serve lets programs go on to the next one', async (t) => {
  const { server } = await tlsBench(t, { isServing: () => false })
  await closed((await server.open()).resume())
})

test('the end of the connection ends the login', async (t) => {
  const { program, engine } = await tlsBench(t)
  const before = await logins(engine)
  const one = await program()
  await one.login()
  assert.equal(await logins(engine), before + 1)
  one.stream.destroy()
  await until('the login has ended', async () => (await logins(engine)) === before)
})

test('when the HSM stops, logins can be resumed elsewhere, and the connection ends in good order', async (t) => {
  const { program, pkcs11, server, engine } = await tlsBench(t)
  const one = await program()
  await one.login()
  let lost: unknown
  one.stream.on('error', (error) => {
    lost = error
  })
  await pkcs11.release()
  const ended = new Promise((resolve) => one.stream.once('end', resolve))
  const closing = server.close()
  await ended
  await closing
  assert.equal(lost, undefined)
  assert.equal(await engine.call('cluster.status', {}).then(({ sessions }) => sessions), 4)
})

test('a refusal of the HSM without a login is what it is over the socket', async (t) => {
  const through = (hsm: Hsm): Hsm => ({
    async call(operation, request, session, source) {
      if (operation === 'session.login') throw new HsmError('user-locked')
      return hsm.call(operation, request, session, source)
    },
  })
  const { program } = await tlsBench(t, { through })
  const one = await program()
  const session = await one.open()
  const LOCKED = 0xa4
  assert.equal(await one.refusal(C.Login, ulong(session), ulong(1), bytes('alice:x')), LOCKED)
})
