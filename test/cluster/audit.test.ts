/** The journals of a cluster as one timeline, and what is said of an HSM that is not there. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { test } from 'node:test'
import { connect } from '../../src/client/connect.ts'
import { launch, run } from '../e2e/strongroom.ts'
import { createWorld, ECDSA, makePair, PASSWORD, reference } from '../support/world.ts'
import { startNodes } from './faults/nodes.ts'

const ADMIN = { CLOUDHSM_ROLE: 'admin', CLOUDHSM_PIN: `admin:${PASSWORD}` }

/** What comes on a stream. `has` resolves when it is so often there. */
function textOf(stream: Readable) {
  let all = ''
  stream.on('data', (text: string) => {
    all += text
  })
  return {
    text: () => all,
    async has(times: number, what = /\n/g) {
      while ([...all.matchAll(what)].length < times) await once(stream, 'data')
    },
  }
}

test('one timeline of all HSMs, each chain verified; who cannot be read is named', async (t) => {
  const cluster = await startNodes({ links: false, clocks: false })
  t.after(() => cluster.stop())
  const [first, second] = cluster.nodes
  if (!first || !second) throw new Error('a cluster has nodes')
  const trust = { ca: cluster.ca() }
  const hsms = [first, second].map(({ address }) => connect({ servers: [address], trust }))
  t.after(() => {
    for (const hsm of hsms) hsm.close()
  })
  const [here, there] = hsms
  if (!here || !there) throw new Error('two are connected')
  const world = await createWorld(here)
  const { priv } = await makePair(world, 'alice', { label: 'pay' })
  await world.as('admin', 'audit.set-policy', { 'key-use': 'all' })
  const request = { filter: reference(priv), mechanism: ECDSA, data: ['aGVsbG8='] }
  const account = { username: 'alice', role: 'crypto-user', password: PASSWORD } as const
  const { token } = await there.call('session.login', account)
  for (let use = 0; use < 3; use++) {
    await here.call('crypto.sign', request, world.token('alice'))
    await there.call('crypto.sign', request, token)
  }
  const audit = (...words: readonly string[]) => run(['audit', ...words, '--home', first.home.root], ADMIN)

  const log = await audit('--hsm', 'all', '--operation', 'session.login', '--format', 'json')
  const logins = log.stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line))
  assert.deepEqual(new Set(logins.map(({ hsm }) => hsm)), new Set([first.id, second.id]))
  assert.deepEqual(
    logins.map(({ at }) => at),
    logins.map(({ at }) => at).toSorted((a, b) => a - b),
  )
  const uses = await audit('--hsm', 'all', '--key-use')
  assert.deepEqual([uses.exit, uses.stdout.trimEnd().split('\n').length], [0, 6])
  for (const { id } of [first, second]) assert.match(uses.stderr, new RegExp(`3 entries, HSM ${id}, key-use`))
  const verified = await audit('verify', '--hsm', 'all')
  assert.equal(verified.exit, 0, verified.stderr)

  const words = ['audit', '--hsm', 'all', '--key-use', '--follow', '--home', first.home.root]
  const followed = launch(words, ADMIN)
  const told = textOf(followed.child.stderr ?? assert.fail())
  const printed = textOf(followed.child.stdout ?? assert.fail())
  const other = launch(words.toSpliced(words.indexOf('--key-use'), 1), ADMIN)
  const changes = textOf(other.child.stdout ?? assert.fail())
  await printed.has(6)
  await changes.has(1, /audit\.set-policy/g)
  await second.kill()
  await told.has(1, /cannot be read now/g)
  await here.call('crypto.sign', request, world.token('alice'))
  await printed.has(7)
  await second.start()
  await told.has(1, /is read again/g)
  const login = await there.call('session.login', account)
  await there.call('crypto.sign', request, login.token)
  await printed.has(8)
  const about = `strongroom: the key-use journal of ${second.id}`
  const [away = '', back = '', ...more] = told.text().match(/^strongroom: .*$/gm) ?? []
  assert.ok(away.startsWith(`${about} cannot be read now: `), away)
  assert.deepEqual([back, more], [`${about} is read again`, []])
  const before = told.text()
  second.freeze()
  await here.call('crypto.sign', request, world.token('alice'))
  await printed.has(9)
  assert.equal(told.text(), before)
  second.thaw()
  await world.as('admin', 'audit.set-policy', { 'on-full': 'refuse' })
  await changes.has(2, /audit\.set-policy/g)
  for (const { child, ended } of [followed, other]) {
    child.kill('SIGINT')
    assert.deepEqual([(await ended).exit, child.signalCode], [null, 'SIGINT'])
  }

  await second.kill()
  const rest = await audit('--hsm', 'all', '--key-use')
  assert.deepEqual([rest.exit, rest.stdout.trimEnd().split('\n').length], [1, 5])
  assert.match(rest.stderr, new RegExp(`the key-use journal of ${second.id} was not read`))
})
