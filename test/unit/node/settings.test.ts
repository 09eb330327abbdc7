/** What a start comes to, from the command line and from what the home remembers. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { etcdOptions } from '../../../src/administration/etcd-options.ts'
import { startOptions, wordsOf } from '../../../src/administration/start-options.ts'
import { planStart, type StartOptions } from '../../../src/administration/start-plan.ts'
import { homeAt, makeHome } from '../../../src/home/home.ts'
import { chosenHsmId, saveHsmId } from '../../../src/home/ids.ts'
import { saveServingSettings } from '../../../src/home/serving-settings.ts'
import { accessOf, readSettings, saveSettings } from '../../../src/node/settings.ts'
import { authority, identity } from '../server/fixture.ts'

function temporary(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-node-'))
  t.after(() => rmSync(root, { recursive: true }))
  const home = homeAt(root)
  makeHome(home)
  return home
}

const refused = (message: RegExp | string) => ({ name: 'HsmError', code: 'invalid-request', message })
const ETCD = { endpoints: ['http://10.0.0.1:2379'] }
const AT = { host: '10.0.0.5', port: 2223 }

test('without etcd an HSM has an embedded store, and takes no option of a cluster', (t) => {
  const home = temporary(t)
  assert.deepEqual(planStart(home, {}), {
    listen: { host: '127.0.0.1', port: 2223 },
    metrics: undefined,
    pkcs11: undefined,
    serving: {},
    node: undefined,
  })
  const surplus: readonly (readonly [StartOptions, string])[] = [
    [{ clusterId: 'x' }, '--cluster-id'],
    [{ hsmId: 'x' }, '--hsm-id'],
    [{ advertise: AT }, '--advertise'],
    [{ keyUseFence: true }, '--key-use-fence'],
  ]
  for (const [options, name] of surplus) {
    assert.throws(() => planStart(home, options), refused(`${name} is for an HSM on etcd: give --etcd, too`))
  }
})

test('what a start was given is remembered, and can be changed but for the cluster', (t) => {
  const home = temporary(t)
  const first = planStart(home, { etcd: ETCD, clusterId: 'cluster-x', listen: AT, hsmId: 'hsm-a' })
  assert.deepEqual(first.node, {
    settings: { clusterId: 'cluster-x', etcd: ETCD },
    advertise: undefined,
    known: false,
    hsmId: 'hsm-a',
    keyUseFence: false,
  })
  saveSettings(home, first.node?.settings ?? assert.fail())
  saveServingSettings(home, first.serving)
  for (const file of [home.cluster, home.serving]) assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(planStart(home, {}), {
    listen: AT,
    metrics: undefined,
    pkcs11: undefined,
    serving: { listen: AT },
    node: { ...first.node, known: true, hsmId: undefined },
  })
  const moved = planStart(home, {
    etcd: { endpoints: ['https://10.0.0.2:2379'] },
    advertise: { host: 'a.example', port: 1 },
    metrics: AT,
  })
  assert.deepEqual(moved.metrics, AT)
  assert.deepEqual(moved.serving, { listen: AT, advertise: { host: 'a.example', port: 1 }, metrics: AT })
  assert.deepEqual(moved.node?.settings, {
    clusterId: 'cluster-x',
    etcd: { endpoints: ['https://10.0.0.2:2379'] },
  })
  assert.throws(
    () => planStart(home, { clusterId: 'cluster-y' }),
    refused(`The HSM in ${home.root} belongs to cluster-x; choose another directory with --home`),
  )
})

test('how an HSM is served is remembered, and each of it can be taken back', (t) => {
  const home = temporary(t)
  const asked = startOptions({ listen: '10.0.0.5:2223', metrics: '10.0.0.5:2223', pkcs11: '/s', log: '/l' })
  const { serving } = planStart(home, { ...asked, ...startOptions({ 'public-objects': 'none' }) })
  const hidden = { publicObjects: 'none' } as const
  assert.deepEqual(serving, { listen: AT, metrics: AT, pkcs11: '/s', log: '/l', ...hidden })
  saveServingSettings(home, serving)
  assert.deepEqual(planStart(home, {}), { listen: AT, metrics: AT, pkcs11: '/s', serving, node: undefined })
  saveServingSettings(home, planStart(home, { pkcs11: 'none', metrics: 'none' }).serving)
  assert.deepEqual(planStart(home, {}).serving, { listen: AT, pkcs11: 'none', log: '/l', ...hidden })
  saveServingSettings(home, planStart(home, { pkcs11: 'default', logFile: 'default' }).serving)
  assert.deepEqual(planStart(home, {}).serving, { listen: AT, ...hidden })
  const shown = { publicObjects: 'certificates' } as const
  assert.deepEqual(planStart(home, shown).serving, { listen: AT, ...shown })
  writeFileSync(home.serving, '{"listen":7}')
  assert.throws(() => planStart(home, {}), { code: 'store-damaged', message: /serving\.json is damaged/ })
})

test('a node of version 0.1.0 goes on where it served', (t) => {
  const home = temporary(t)
  writeFileSync(
    home.cluster,
    JSON.stringify({ clusterId: 'cluster-x', etcd: ETCD, listen: AT, advertise: AT }),
  )
  const { listen, node } = planStart(home, {})
  assert.deepEqual([listen, node?.advertise], [AT, AT])
  assert.deepEqual(planStart(home, { listen: { host: '::1', port: 1 } }).listen, { host: '::1', port: 1 })
})

test('a cluster without a name gets one, unless the home has the key of a cluster', (t) => {
  const home = temporary(t)
  assert.match(planStart(home, { etcd: ETCD }).node?.settings.clusterId ?? '', /^cluster-[a-z2-7]{11}$/)
  writeFileSync(home.masterKey, '')
  assert.throws(
    () => planStart(home, { etcd: ETCD }),
    refused(`${home.masterKey} belongs to a cluster; say which with --cluster-id`),
  )
})

test('a home with an embedded store stays with it', (t) => {
  const home = temporary(t)
  writeFileSync(home.database, '')
  assert.throws(() => planStart(home, { etcd: ETCD }), refused(/has an embedded store/))
})

test('others cannot reach a wildcard', (t) => {
  const home = temporary(t)
  const listen = { host: '0.0.0.0', port: 2223 }
  assert.throws(
    () => planStart(home, { etcd: ETCD, listen }),
    refused('--advertise HOST:PORT is needed to listen on 0.0.0.0:2223'),
  )
  assert.ok(planStart(home, { etcd: ETCD, listen, advertise: AT }).node)
})

test('damaged settings are named', (t) => {
  const home = temporary(t)
  assert.equal(readSettings(home), undefined)
  for (const text of ['', '{}', '{"clusterId":"x","etcd":{"endpoints":[]}}']) {
    writeFileSync(home.cluster, text)
    assert.throws(() => readSettings(home), { code: 'store-damaged', message: /cluster\.json is damaged/ })
  }
})

test('an HSM keeps its id', (t) => {
  const home = temporary(t)
  saveHsmId(home, chosenHsmId(home, 'hsm-a'))
  assert.equal(chosenHsmId(home), 'hsm-a')
  assert.throws(
    () => chosenHsmId(home, 'hsm-b'),
    refused(`The HSM in ${home.root} is hsm-a and cannot become hsm-b`),
  )
  assert.match(chosenHsmId(temporary(t)), /^hsm-[a-z2-7]{11}$/)
})

test('the words of a start', () => {
  const words = {
    listen: '0.0.0.0:2223',
    advertise: '10.0.0.5:2223',
    metrics: '127.0.0.1:9464',
    etcd: 'https://a:2379,https://[::1]:2379',
    'etcd-ca': '/etc/ca.crt',
    'etcd-cert': '/etc/a.crt',
    'etcd-key': 'a.key',
    'etcd-user': 'strongroom',
    'etcd-password-file': '/etc/pw',
    'cluster-id': 'cluster-x',
    'hsm-id': 'hsm-a',
    'key-use-fence': true,
    mode: 'fips',
    'hsm-type': 'unlimited',
  } as const
  const meant = startOptions(words)
  assert.deepEqual(meant, {
    listen: { host: '0.0.0.0', port: 2223 },
    advertise: AT,
    metrics: { host: '127.0.0.1', port: 9464 },
    etcd: {
      endpoints: ['https://a:2379', 'https://[::1]:2379'],
      caFile: '/etc/ca.crt',
      certFile: '/etc/a.crt',
      keyFile: join(process.cwd(), 'a.key'),
      username: 'strongroom',
      passwordFile: '/etc/pw',
    },
    clusterId: 'cluster-x',
    hsmId: 'hsm-a',
    keyUseFence: true,
    profile: { mode: 'fips', hsmType: 'unlimited' },
  })
  assert.ok(wordsOf(words).includes(`--etcd-key=${join(process.cwd(), 'a.key')}`))
  assert.ok(wordsOf(words).includes('--key-use-fence'))
  assert.ok(wordsOf(words).includes('--cluster-id=cluster-x'))
  assert.ok(wordsOf(words).includes('--mode=fips'))
  assert.deepEqual(startOptions({}), {})
  assert.deepEqual(startOptions({ 'hsm-type': 'hsm1.medium' }), { profile: { hsmType: 'hsm1.medium' } })
})

test('an option of etcd goes before what is remembered of it, and leaves the others', (t) => {
  const home = temporary(t)
  assert.throws(
    () => planStart(home, { etcd: { caFile: '/ca' } }),
    refused('--etcd is missing, and this home remembers no etcd'),
  )
  saveSettings(home, { clusterId: 'cluster-a', etcd: { endpoints: ['https://a:2379'], caFile: '/ca' } })
  const etcdWith = (etcd: Parameters<typeof planStart>[1]['etcd']) =>
    planStart(home, etcd ? { etcd } : {}).node?.settings.etcd
  assert.deepEqual(etcdWith({ certFile: '/new', keyFile: '/key' }), {
    endpoints: ['https://a:2379'],
    caFile: '/ca',
    certFile: '/new',
    keyFile: '/key',
  })
  assert.deepEqual(etcdWith({ endpoints: ['https://b:1'] }), { endpoints: ['https://b:1'], caFile: '/ca' })
  assert.deepEqual(etcdWith(undefined), { endpoints: ['https://a:2379'], caFile: '/ca' })
})

test('wrong words are named', () => {
  const urls = /^--etcd must be URLs/
  const cases: readonly (readonly [Parameters<typeof startOptions>[0], RegExp])[] = [
    [{ etcd: '10.0.0.1:2379' }, urls],
    [{ etcd: 'https://a:2379/path' }, urls],
    [{ etcd: 'https://user:pw@a:2379' }, urls],
    [{ etcd: 'https://a:2379,' }, urls],
    [{ etcd: '' }, urls],
    [{ etcd: 'ftp://a' }, urls],
    [{ etcd: 'http://a', 'etcd-cert': 'x' }, /^--etcd-cert goes with --etcd-key/],
    [{ etcd: 'http://a', 'etcd-user': 'x' }, /^--etcd-user goes with --etcd-password-file/],
    [{ 'cluster-id': 'a/b' }, /^--cluster-id must have/],
    [{ 'hsm-id': '' }, /^--hsm-id must have/],
    [{ listen: 'x:y' }, /^--listen must be HOST:PORT/],
    [{ advertise: 'a:0' }, /^--advertise must be HOST:PORT/],
    [{ metrics: ':1' }, /^--metrics must be HOST:PORT/],
    [
      { 'hsm-type': 'hsm1.medium', mode: 'non-fips' },
      /^HSMs of type hsm1.medium have no other mode than fips$/,
    ],
  ]
  for (const [words, message] of cases) assert.throws(() => startOptions(words), refused(message))
})

const { cert: CA } = authority
const { cert: CERT, key: KEY } = identity

test('etcd is accessed with what the files hold', (t) => {
  const { root } = temporary(t)
  const file = (name: string, content: string) => {
    writeFileSync(join(root, name), content)
    return join(root, name)
  }
  const words = {
    etcd: 'https://a:2379',
    'etcd-ca': file('ca', CA),
    'etcd-cert': file('cert', CERT),
    'etcd-key': file('key', KEY),
    'etcd-user': 'strongroom',
    'etcd-password-file': file('password', ' pass word \n'),
  }
  const { endpoints = [], ...rest } = etcdOptions(words)
  const { renewed, ...access } = accessOf({ ...rest, endpoints })
  assert.deepEqual(access, {
    endpoints: ['https://a:2379'],
    tls: { ca: Buffer.from(CA), cert: Buffer.from(CERT), key: Buffer.from(KEY) },
    user: { username: 'strongroom', password: ' pass word ' },
  })
  file('password', 'another\n')
  assert.deepEqual(renewed?.(), { tls: access.tls, user: { username: 'strongroom', password: 'another' } })
  const { renewed: _, ...plain } = accessOf(ETCD)
  assert.deepEqual(plain, { ...ETCD, tls: undefined, user: undefined })
  assert.throws(
    () => accessOf({ ...ETCD, caFile: '/no/such' }),
    refused('Cannot read the file of --etcd-ca, /no/such: no such file or directory'),
  )
  for (const [name, content, problem] of [
    ['empty', '', 'it is empty'],
    ['text', 'CA', 'there is no certificate in it'],
    ['key', KEY, 'it is a private key, not a certificate'],
  ] as const) {
    const caFile = file(name, content)
    assert.throws(
      () => accessOf({ ...ETCD, caFile }),
      refused(`Cannot read the file of --etcd-ca, ${caFile}: ${problem}`),
    )
  }
})
