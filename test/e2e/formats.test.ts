/** Whatever a released version left behind is opened by this one: homes, clusters in etcd, backups. See test/fixtures. */
import assert from 'node:assert/strict'
import { chmodSync, copyFileSync, cpSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, type TestContext, test } from 'node:test'
import { restoreBackup } from '../../src/administration/backup/restore.ts'
import { verifyEntries } from '../../src/audit/chain.ts'
import type { Hsm } from '../../src/contract/hsm.ts'
import type { OperationName, Reply, Request } from '../../src/contract/operations.ts'
import { type Home, makeHome } from '../../src/home/home.ts'
import { takeLock } from '../../src/home/lock.ts'
import { openEngine } from '../../src/main/open-engine.ts'
import type { AuditEntry } from '../../src/model/audit.ts'
import { FORMAT } from '../../src/model/formats.ts'
import { readSettings } from '../../src/node/settings.ts'
import { startEtcd } from '../support/etcd.ts'
import { temporaryHome } from '../support/homes.ts'
import { base64, ECDSA, PASSWORD, RSA_PKCS, reference } from '../support/world.ts'

const FORMATS = join(import.meta.dirname, '../fixtures/formats')

type Facts = {
  readonly keys: Record<'ec' | 'rsa', { readonly pub: string; readonly priv: string }> & {
    readonly aes: string
  }
  readonly signatures: Record<'ec' | 'rsa', string>
}
type Opened = { readonly hsm: Hsm; readonly logged: readonly string[]; close(): Promise<void> }

function newHome(t: TestContext): Home {
  const { home, remove } = temporaryHome()
  t.after(remove)
  makeHome(home)
  return home
}

/** A copy, for opening it changes it. Git does not keep who may read a file. */
function homeOf(t: TestContext, fixture: string, name: string): Home {
  const home = newHome(t)
  cpSync(join(fixture, name), home.root, { recursive: true })
  for (const path of globSync(join(home.root, '{data,tls}', '*'))) chmodSync(path, 0o600)
  return home
}

async function open(home: Home, node?: Parameters<typeof openEngine>[0]['node']): Promise<Opened> {
  const logged: string[] = []
  const log = (_level: unknown, _fields: unknown, message: string) => void logged.push(message)
  const unlock = takeLock(home.lock)
  const { engine, join, close } = await openEngine({ home, address: () => '127.0.0.1:2223', node, log })
  await join()
  return { hsm: engine, logged, close: () => close().finally(() => unlock?.()) }
}

const factsIn = (fixture: string, name: string): Facts =>
  JSON.parse(readFileSync(join(fixture, name), 'utf8'))

const loggedIn = async (hsm: Hsm, username: string) => {
  const role = username === 'admin' ? 'admin' : 'crypto-user'
  const { token } = await hsm.call('session.login', { username, role, password: PASSWORD })
  return <K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>> =>
    hsm.call(operation, request, token)
}

/** Users log in, keys sign and verify what they signed then, shares are given and taken. */
async function works(hsm: Hsm, { keys, signatures }: Facts): Promise<void> {
  const [alice, bob] = [await loggedIn(hsm, 'alice'), await loggedIn(hsm, 'bob')]
  const data = [base64('signed by an earlier version')]
  for (const [kind, mechanism] of [
    ['ec', ECDSA],
    ['rsa', RSA_PKCS],
  ] as const) {
    const fresh = await bob('crypto.sign', { filter: reference(keys[kind].priv), mechanism, data })
    for (const signature of [signatures[kind], fresh.signatures[0] ?? '']) {
      const request = { filter: reference(keys[kind].pub), mechanism, data, signatures: [signature] }
      assert.deepEqual((await alice('crypto.verify', request)).verified, [true], kind)
    }
  }
  const withBob = { filter: reference(keys.ec.priv), usernames: ['bob'], role: 'crypto-user' as const }
  await alice('key.unshare', withBob)
  const use = { filter: reference(keys.ec.priv), mechanism: ECDSA, data }
  await assert.rejects(bob('crypto.sign', use), { code: 'key-selection' })
  await alice('key.share', withBob)
  await bob('crypto.sign', use)
}

/** Every log that is told of is whole. @returns the operations of the HSM's own */
async function auditOf(hsm: Hsm, ofHsm?: string): Promise<readonly string[]> {
  const admin = await loggedIn(hsm, 'admin')
  const request = { first: 0, count: 1000, ...(ofHsm !== undefined && { hsm: ofHsm }) }
  const { entries } = await admin('audit.list', request)
  assert.equal(verifyEntries(entries as readonly AuditEntry[]), undefined)
  return entries.map(({ operation }) => operation)
}

for (const name of readdirSync(FORMATS)) {
  const format = Number(name)
  const fixture = join(FORMATS, name)
  const raised = format < FORMAT ? 1 : 0

  suite(`format ${format}`, () => {
    test('a home opens, works, and is of the present format then', async (t) => {
      const home = homeOf(t, fixture, 'home')
      for (const raisedNow of [raised, 0]) {
        const { hsm, logged, close } = await open(home)
        try {
          await works(hsm, factsIn(fixture, 'facts.json'))
          const operations = await auditOf(hsm)
          assert.equal(operations.filter((operation) => operation === 'cluster.raise-format').length, raised)
          assert.equal(
            logged.filter((line) => /have the format of this version/.test(line)).length,
            raisedNow,
          )
        } finally {
          await close()
        }
      }
    })

    test('a backup is restored, and what is restored works', async (t) => {
      const home = newHome(t)
      const key = newHome(t).masterKey
      copyFileSync(join(fixture, 'home', 'data', 'master.key'), key)
      chmodSync(key, 0o600)
      const file = join(fixture, 'cluster.backup')
      const options = { file, opening: { masterKeyFile: key }, keepId: false, etcd: undefined }
      assert.equal((await restoreBackup(home, options)).exit, 0)
      const { hsm, close } = await open(home)
      try {
        await works(hsm, factsIn(fixture, 'facts.json'))
        const id = readFileSync(join(fixture, 'home', 'data', 'hsm-id'), 'utf8').trim()
        assert.ok((await auditOf(hsm, id)).includes('key.generate-pair'))
        assert.ok((await auditOf(hsm)).includes('backup.restore'))
      } finally {
        await close()
      }
    })

    test('a cluster in etcd goes on', async (t) => {
      await using undo = new AsyncDisposableStack()
      const etcd = await startEtcd({ snapshot: join(fixture, 'etcd.snapshot') })
      undo.defer(etcd.stop)
      const start = (of: 'one' | 'two') => {
        const home = homeOf(t, fixture, of)
        const { clusterId } = readSettings(home) ?? assert.fail('no settings')
        const settings = { clusterId, etcd: { endpoints: [...etcd.endpoints] } }
        const plan = { settings, advertise: undefined, known: true, hsmId: undefined, keyUseFence: false }
        return open(home, plan)
      }
      const one = undo.adopt(await start('one'), ({ close }) => close())
      const two = undo.adopt(await start('two'), ({ close }) => close())
      await works(two.hsm, factsIn(fixture, 'etcd-facts.json'))
      const operations = await auditOf(one.hsm)
      assert.ok(operations.includes('key.generate-pair'))
      assert.equal(operations.filter((operation) => operation === 'cluster.raise-format').length, raised)
    })
  })
}
