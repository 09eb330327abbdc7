/** The client configuration that an HSM writes, and what it leaves to its user. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { configure } from '../../../src/cli/config/configure.ts'
import { CONFIGURE_CLI } from '../../../src/cli/config/configure-options.ts'
import { writeClientConfig } from '../../../src/home/client-config.ts'
import { homeAt, makeHome } from '../../../src/home/home.ts'

function temporary(t: TestContext) {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-client-'))
  t.after(() => rmSync(root, { recursive: true }))
  const home = homeAt(root)
  makeHome(home)
  const servers = () => {
    const [entry] = JSON.parse(readFileSync(home.clientConfig, 'utf8')).clusters
    return entry.cluster.servers.map(
      (server: { hostname: string; port?: number; enable?: boolean }) =>
        `${server.hostname}:${server.port}${server.enable === false ? ' off' : ''}`,
    )
  }
  return { home, servers }
}

const at = (host: string, port = 2223) => ({ host, port })
const FACTS = { clusterId: 'cluster-x', ca: 'a CA' }

test('an HSM by itself is the only server, wherever it listens', (t) => {
  const { home, servers } = temporary(t)
  writeClientConfig(home, { ...FACTS, address: at('127.0.0.1', 1), others: undefined })
  assert.deepEqual(servers(), ['127.0.0.1:1'])
  assert.equal(readFileSync(home.clientCa, 'utf8'), 'a CA')
  writeClientConfig(home, { ...FACTS, address: at('127.0.0.1', 2), others: undefined })
  assert.deepEqual(servers(), ['127.0.0.1:2'])
})

test('an HSM of a cluster lists itself and the others', (t) => {
  const { home, servers } = temporary(t)
  writeClientConfig(home, { ...FACTS, address: at('b'), others: [at('a'), at('c')] })
  assert.deepEqual(servers(), ['b:2223', 'a:2223', 'c:2223'])
})

test('what configure-cli wrote stays', (t) => {
  const { home, servers } = temporary(t)
  writeClientConfig(home, { ...FACTS, address: at('a'), others: [] })
  const environment = { version: '1', env: {}, homeDirectory: home.root, workingDirectory: home.root }
  const words = ['--config', home.clientConfig, '-a', 'a', 'b', 'x.example:9']
  assert.equal(configure(CONFIGURE_CLI, words, environment).exit, 0)
  const written = readFileSync(home.clientConfig, 'utf8')
  writeClientConfig(home, { ...FACTS, address: at('b'), others: [at('a'), at('c')] })
  assert.equal(readFileSync(home.clientConfig, 'utf8'), written)
  writeClientConfig(home, { ...FACTS, address: at('d'), others: [at('a'), at('c')] })
  assert.deepEqual(servers(), ['d:2223', 'c:2223', 'a:2223', 'b:2223', 'x.example:9'])
})

test('a server that is turned off stays so', (t) => {
  const { home, servers } = temporary(t)
  writeClientConfig(home, { ...FACTS, address: at('a'), others: [] })
  const config = JSON.parse(readFileSync(home.clientConfig, 'utf8'))
  config.clusters[0].cluster.servers = [{ hostname: 'b', port: 2223, enable: false }]
  rmSync(home.clientConfig)
  writeFileSync(home.clientConfig, JSON.stringify(config), { mode: 0o600 })
  writeClientConfig(home, { ...FACTS, address: at('a'), others: [at('b')] })
  assert.deepEqual(servers(), ['a:2223', 'b:2223 off'])
})
