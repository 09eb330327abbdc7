/** Backups of a cluster on etcd, restored into etcd again and into an embedded store. */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join as path } from 'node:path'
import { after, type TestContext, test } from 'node:test'
import { restoreBackup } from '../../src/administration/backup/restore.ts'
import type { StartOptions } from '../../src/administration/start-plan.ts'
import type { Home } from '../../src/home/home.ts'
import { openHsm } from '../../src/main/open-hsm.ts'
import { invite } from '../../src/node/invite.ts'
import { join } from '../../src/node/join.ts'
import { backupOf } from '../support/backups.ts'
import { startEtcd } from '../support/etcd.ts'
import { temporaryHome } from '../support/homes.ts'
import { createWorld, PASSWORD } from '../support/world.ts'

const etcd = await startEtcd()
after(() => etcd.stop())
const ETCD = { endpoints: [...etcd.endpoints] }
const LISTEN = { host: '127.0.0.1', port: 0 }
const ALICE = {
  username: 'alice',
  role: 'crypto-user',
  password: PASSWORD,
  'key-availability-check': false,
} as const

function newHome(t: TestContext): Home {
  const { home, remove } = temporaryHome()
  t.after(remove)
  return home
}

async function start(t: TestContext, home: Home, options: StartOptions = {}) {
  const opened = await openHsm({ listen: LISTEN, home, log: () => undefined, ...options })
  t.after(() => opened.close({ graceMs: 0 }))
  return opened
}

async function keysOf({ hsm }: Awaited<ReturnType<typeof start>>): Promise<number> {
  const { token } = await hsm.call('session.login', ALICE)
  return (await hsm.call('key.list', { filter: [] }, token)).total_key_count
}

test('a cluster on etcd is restored as another one on etcd, and by its own id into an embedded store', async (t) => {
  const home = newHome(t)
  const first = await start(t, home, { etcd: ETCD, clusterId: 'cluster-first', hsmId: 'hsm-first' })
  const world = await createWorld(first.hsm)
  const { token } = await first.hsm.call('session.login', ALICE)
  const request = { 'key-type': 'aes', 'key-length-bytes': 32 } as const
  for (let number = 0; number < 120; number++) {
    await first.hsm.call('key.generate-symmetric', { ...request, label: `${number}` }, token)
  }
  const file = path(home.root, 'backup')
  writeFileSync(file, await backupOf(world.hsm, world.token('admin')))
  const opening = { masterKeyFile: home.masterKey }

  const other = newHome(t)
  const onEtcd = { file, opening, etcd: ETCD, keepId: false }
  const { text } = await restoreBackup(other, onEtcd)
  assert.match(text, /^Restored cluster-first of .* as cluster-\w{11}, a clone of it: 120 keys, 5 users\.\n/)
  await assert.rejects(restoreBackup(other, onEtcd), { message: /^There is an HSM in .* already/ })
  const taken = restoreBackup(newHome(t), { ...onEtcd, keepId: true })
  await assert.rejects(taken, { message: 'etcd has a cluster cluster-first already' })

  const restored = await start(t, other)
  assert.equal(await keysOf(restored), 120)
  const second = newHome(t)
  const secret = await invite(other, Date.now())
  await join(second, { secret, etcd: {}, now: Date.now() })
  const joined = await start(t, second)
  assert.equal(joined.clusterId, restored.clusterId)
  assert.equal(await keysOf(joined), 120)
  const admin = await joined.hsm.call('session.login', { ...ALICE, username: 'admin', role: 'admin' })
  const { entries } = await joined.hsm.call('audit.list', { hsm: 'hsm-first', count: 1000 }, admin.token)
  assert.ok(entries.some(({ operation }) => operation === 'cluster.activate'))

  const embedded = newHome(t)
  await restoreBackup(embedded, { file, opening, etcd: undefined, keepId: true })
  const alone = await start(t, embedded)
  assert.equal(alone.clusterId, 'cluster-first')
  assert.equal(await keysOf(alone), 120)
})
