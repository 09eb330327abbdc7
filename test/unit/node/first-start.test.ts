/** A first start that fails has founded nothing, in whatever way it fails. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { type TestContext, test } from 'node:test'
import type { StartOptions } from '../../../src/administration/start-plan.ts'
import { type Home, homeAt, makeHome } from '../../../src/home/home.ts'
import { openHsm } from '../../../src/main/open-hsm.ts'
import { beginFirstStart } from '../../../src/node/first-start.ts'
import { markPath } from '../../../src/store/mark.ts'
import { temporaryHome } from '../../support/homes.ts'

async function busyPort(t: TestContext): Promise<{ readonly host: string; readonly port: number }> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  t.after(() => server.close())
  return { host: '127.0.0.1', port: (server.address() as { port: number }).port }
}

const LISTEN = { host: '127.0.0.1', port: 0 }

const start = (home: Home, options: StartOptions) =>
  openHsm({ home, listen: LISTEN, log: () => undefined, program: 'none', ...options })

type Failing = {
  readonly options?: StartOptions
  readonly spoil?: (home: Home) => void
  readonly mend?: (home: Home) => void
  readonly message: RegExp
}

const inThePlaceOf = (path: string): void => {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 })
  mkdirSync(path, { mode: 0o700 })
}

async function ways(t: TestContext): Promise<Readonly<Record<string, Failing>>> {
  const busy = await busyPort(t)
  const long = `/tmp/${'long'.repeat(40)}`
  return {
    'busy port': {
      options: { listen: busy },
      message: /^Cannot listen on \S+: another program is using it$/,
    },
    'foreign address': {
      options: { listen: { host: '192.0.2.1', port: 0 } },
      message: /^Cannot listen on 192\.0\.2\.1:0: this machine has no such address$/,
    },
    'busy port for metrics': { options: { metrics: busy }, message: /^Cannot serve metrics on / },
    'path of the socket': { options: { pkcs11: long }, message: /must be at most 107 bytes/ },
    'something in place of the socket': {
      spoil: ({ pkcs11 }) => inThePlaceOf(pkcs11),
      mend: ({ pkcs11 }) => rmSync(pkcs11, { recursive: true }),
      message: /^Cannot listen on \S+pkcs11\.sock/,
    },
    'private key that others can read': {
      spoil({ serverKey }) {
        mkdirSync(dirname(serverKey), { recursive: true })
        writeFileSync(serverKey, '')
        chmodSync(serverKey, 0o644)
      },
      mend: ({ serverKey }) => rmSync(serverKey),
      message: /^Others can read \S+server\.key/,
    },
    'something in place of a certificate': {
      spoil: ({ caCert }) => inThePlaceOf(caCert),
      mend: ({ caCert }) => rmSync(caCert, { recursive: true }),
      message: /EISDIR/,
    },
    'something in place of the master key': {
      spoil: ({ masterKey }) => inThePlaceOf(masterKey),
      mend: ({ masterKey }) => rmSync(masterKey, { recursive: true }),
      message: /EISDIR/,
    },
    'contradiction in the options': { options: { hsmId: 'hsm-a' }, message: /is for an HSM on etcd/ },
  }
}

test('a first start that fails leaves nothing founded, and the next one founds what it is asked for', async (t) => {
  for (const [name, { options = {}, spoil, mend, message }] of Object.entries(await ways(t))) {
    const { home, remove } = temporaryHome()
    t.after(remove)
    spoil?.(home)
    await assert.rejects(start(home, options), { message }, name)
    mend?.(home)
    const data = dirname(home.database)
    assert.deepEqual(existsSync(data) ? readdirSync(data) : [], [], name)
    const tls = join(home.root, 'tls')
    assert.deepEqual(existsSync(tls) ? readdirSync(tls) : [], [], name)
    const hsm = await start(home, { profile: { mode: 'fips' }, pkcs11: 'none' })
    assert.equal((await hsm.hsm.call('cluster.status', {})).mode, 'fips', name)
    await hsm.close({ graceMs: 0 })
  }
})

test('a later start that fails takes nothing away', async (t) => {
  const { home, remove } = temporaryHome()
  t.after(remove)
  const first = await start(home, { pkcs11: 'none' })
  await first.close({ graceMs: 0 })
  chmodSync(home.serverKey, 0o644)
  await assert.rejects(start(home, { pkcs11: 'none' }), { code: 'store-damaged' })
  chmodSync(home.serverKey, 0o600)
  const again = await start(home, { pkcs11: 'none' })
  assert.equal(again.clusterId, first.clusterId)
  await again.close({ graceMs: 0 })
})

/** From the first to the last that is taken away. */
const made = ({ masterKey, database, hsmId, caKey, caCert, serverKey, serverCert }: Home) => [
  [masterKey],
  [markPath(database)],
  [database],
  [hsmId],
  [caKey],
  [caCert],
  [serverKey],
  [serverCert],
]

test('a first start that was killed, or its undo, goes on from wherever it was', async (t) => {
  const steps = made(homeAt('/')).length
  for (let reached = 0; reached <= steps; reached += 1) {
    const { home, remove } = temporaryHome()
    t.after(remove)
    const first = await start(home, { pkcs11: 'none' })
    await first.close({ graceMs: 0 })
    for (const path of made(home).slice(reached).flat()) rmSync(path)
    const again = await start(home, { pkcs11: 'none' })
    t.after(() => again.close({ graceMs: 0 }))
    assert.equal((await again.hsm.call('cluster.status', {})).state, 'INITIALIZED', String(reached))
  }
})

test('what a first start has made is taken away backwards, so that no certificates are left without their store', (t) => {
  const paths = made(homeAt('/')).flat().length
  for (let stuck = 0; stuck < paths; stuck += 1) {
    const { home, remove } = temporaryHome()
    t.after(remove)
    makeHome(home)
    const { undo } = beginFirstStart(home)
    const all = made(home).flat()
    for (const [at, path] of all.entries()) {
      if (at === stuck) mkdirSync(path)
      else writeFileSync(path, '')
    }
    assert.throws(undo)
    assert.deepEqual(all.filter(existsSync), all.slice(0, stuck + 1))
  }
})
