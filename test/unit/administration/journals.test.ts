/** Which key-use journals of a cluster are found, also with an HSM that knows of none. */
import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { entriesIn, inCluster } from '../../../src/administration/audit/journals.ts'
import { done } from '../../../src/administration/outcome.ts'
import { EMPTY_JOURNAL } from '../../../src/audit/chain.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { replaceFile } from '../../../src/home/files.ts'
import { makeHome } from '../../../src/home/home.ts'
import { announce } from '../../../src/home/running.ts'
import { temporaryHome } from '../../support/homes.ts'
import { authority, startServer } from '../server/fixture.ts'

const ADMIN = { username: 'admin', role: 'admin', password: 'password' } as const
const LOGIN = { token: 'token', username: 'admin', role: 'admin' }
/** What else is shown of an HSM. */
const LIVE = {
  vendor: '',
  model: '',
  'serial-number': '',
  'hardware-version-major': '',
  'hardware-version-minor': '',
  'firmware-version-major': '',
  'firmware-version-minor': '',
  'firmware-build-number': '',
  'firmware-id': '',
  'fips-state': '',
  state: 'ACTIVE',
}
const HEAD = { ...EMPTY_JOURNAL, count: 1 }
const ENTRY = {
  hsm: 'hsm-new',
  sequence: 0,
  previous: HEAD.hash,
  at: 1,
  actor: '-',
  outcome: 'ok',
  hash: HEAD.hash,
}

const answering = (t: TestContext, replies: Readonly<Record<string, unknown>>) =>
  startServer(t, (operation) => {
    const reply = { 'session.login': LOGIN, ...replies }[operation]
    if (reply === undefined) throw new HsmError('unknown-operation')
    return reply
  })

/** @param known head of the key-use journal of hsm-old that the cluster has kept @param first entry of the log of hsm-new */
async function keyUseJournals(t: TestContext, known: object, first?: object) {
  const { port: old } = await answering(t, {})
  const rows = [
    { hsm: 'hsm-new', management: HEAD },
    { hsm: 'hsm-old', management: HEAD, ...known },
  ]
  const live = first ? [] : [{ ...LIVE, 'hsm-id': 'hsm-old', address: `127.0.0.1:${old}` }]
  const entries = first ? [{ ...ENTRY, ...first }] : []
  const { port } = await answering(t, {
    'audit.heads': { 'cluster-id': 'cluster-x', 'hsm-id': 'hsm-new', hsms: rows },
    'cluster.hsm-info': { hsms: live },
    'audit.list': { entries, next: entries.length, previous: HEAD.hash, hash: HEAD.hash },
  })
  const { home, remove } = temporaryHome()
  t.after(remove)
  makeHome(home)
  replaceFile(home.caCert, authority.cert, 'public')
  announce(home, { pid: process.pid, host: '127.0.0.1', port })
  let told: unknown
  await inCluster(home, ADMIN, async ({ journals }) => {
    const { found, unreached } = await journals('key-use', 'all')
    told = { found: found.map(({ hsm }) => hsm), unreached }
    return done('')
  })
  return told
}

test('one entry is not several', () => {
  assert.deepEqual([0, 1, 2].map(entriesIn), ['0 entries', '1 entry', '2 entries'])
})

test('an HSM of an earlier version has no key-use journal, unless the cluster knows of one', async (t) => {
  assert.deepEqual(await keyUseJournals(t, {}), { found: ['hsm-new'], unreached: [] })
  assert.deepEqual(await keyUseJournals(t, { 'key-use': HEAD }), {
    found: ['hsm-new'],
    unreached: [{ hsm: 'hsm-old', name: 'key-use', why: 'the HSM is of an earlier version' }],
  })
})

test('an HSM that does not run is of the original cluster only if the log of a restored one begins with where its log ends', async (t) => {
  const pin = `audit/hsm-old/${HEAD.count}/${HEAD.hash}`
  const told = async (operation: string, subject: string) => {
    const subjects = ['cluster/cluster-old', subject]
    const { unreached } = (await keyUseJournals(t, { 'key-use': HEAD }, { operation, subjects })) as {
      readonly unreached: readonly { readonly hsm: string; readonly isOfOriginal?: true }[]
    }
    assert.deepEqual(
      unreached.map(({ hsm }) => hsm),
      ['hsm-old'],
    )
    return unreached.some(({ isOfOriginal }) => isOfOriginal)
  }
  assert.equal(await told('backup.restore', pin), true)
  assert.equal(await told('user.create', pin), false)
  assert.equal(await told('backup.restore', `audit/hsm-old/0/${HEAD.hash}`), false)
  assert.equal(await told('backup.restore', `audit/hsm-other/${HEAD.count}/${HEAD.hash}`), false)
})
