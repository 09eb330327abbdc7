/**
 * An HSM with many keys is started again: its keys are there and can be used, and hardly any record was read. What is wrong with the
 * others is found while it serves.
 */
import assert from 'node:assert/strict'
import { DatabaseSync } from 'node:sqlite'
import { describe, it } from 'node:test'
import type { StartOptions } from '../../src/administration/start-plan.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import type { Home } from '../../src/home/home.ts'
import { openHsm } from '../../src/main/open-hsm.ts'
import { clusterHomes } from '../support/cluster-homes.ts'
import { fails } from '../support/errors.ts'
import { createWorld, makeAes, makePair, PASSWORD, sign, type World } from '../support/world.ts'
import { run } from './strongroom.ts'

const KEYS = 1100
const AT_ONCE = 110

describe('an HSM with many keys', async () => {
  const { etcd, newHome } = await clusterHomes()

  async function openLogged(home: Home, options: StartOptions) {
    const lines: { readonly level: string; readonly [field: string]: unknown }[] = []
    const listen = { host: '127.0.0.1', port: 0 }
    const log = (level: string, fields: object, message: string) => lines.push({ ...fields, level, message })
    const opened = await openHsm({ home, listen, log, ...options })
    return {
      ...opened,
      told: () => lines.filter(({ message }) => /snapshot|all records|damaged/.test(String(message))),
    }
  }

  const stores: Readonly<Record<string, StartOptions>> = {
    'an embedded store': {},
    etcd: { etcd: { endpoints: [...etcd.endpoints] }, clusterId: 'cluster-snapshot1' },
  }
  for (const [name, options] of Object.entries(stores)) {
    it(`starts from its snapshot on ${name}`, { timeout: 300_000 }, async () => {
      const home = newHome()
      const first = await openLogged(home, options)
      await createWorld(first.hsm)
      const alice = await asAlice(first.hsm)
      const { priv } = await makePair(alice, 'alice', { label: 'pay' })
      for (let made = 0; made < KEYS; made += AT_ONCE) {
        await Promise.all(
          Array.from({ length: AT_ONCE }, (_, at) => makeAes(alice, 'alice', `key ${made + at}`)),
        )
      }
      assert.deepEqual(first.told(), [])
      await first.close({ graceMs: 0 })

      const again = await openLogged(home, options)
      const [line, ...more] = again.told()
      assert.equal(line?.level, 'info')
      assert.ok(Number(line['records']) > KEYS)
      assert.ok(Number(line['changed']) < 10, String(line['changed']))
      assert.deepEqual(more, [])
      const later = await asAlice(again.hsm)
      await sign(later, 'alice', priv, 'aGVsbG8=')
      const { total_key_count: keys } = await later.as('alice', 'key.list', { filter: [], 'max-items': 1 })
      assert.equal(keys, KEYS + 2)
      await again.close({ graceMs: 0 })
      if (name === 'an embedded store') await servesNothingDamaged(home, priv)
    })
  }

  /** A record that was changed under its key is found when it is used, if not before. */
  async function servesNothingDamaged(home: Home, key: string): Promise<void> {
    const database = new DatabaseSync(home.database)
    database.prepare('UPDATE record SET sealed = zeroblob(99) WHERE key = ?').run(`key/${key}`)
    database.close()
    const { hsm, close, told } = await openLogged(home, {})
    const refusal = fails('store-damaged', /^Record key\/\S+ is damaged: it was changed or moved$/)
    await assert.rejects(async () => sign(await asAlice(hsm), 'alice', key, 'aGVsbG8='), refusal)
    const [, line] = told()
    assert.deepEqual(
      [line?.level, line?.['message']],
      ['error', 'the store is damaged: this HSM serves no more'],
    )
    await assert.rejects(asAlice(hsm), refusal)
    assert.equal((await hsm.call('cluster.status', {})).serving, false)
    const status = await run(['status', '--home', home.root])
    assert.deepEqual([status.exit, status.stderr], [1, ''])
    assert.match(status.stdout, /^serving +no, the log says why$/m)
    assert.equal((await run(['status', '--home', home.root, '--json'])).exit, 1)
    await close({ graceMs: 0 })
    await assert.rejects(openLogged(home, {}), refusal)
  }
})

/** Of a cluster of one HSM, which keeps keys on one. */
async function asAlice(hsm: Hsm): Promise<World> {
  const login = {
    username: 'alice',
    role: 'crypto-user',
    password: PASSWORD,
    'key-availability-check': false,
  } as const
  const { token } = await hsm.call('session.login', login)
  return {
    hsm,
    token: () => token,
    login: async () => token,
    as: (_, operation, request) => hsm.call(operation, request, token),
  }
}
