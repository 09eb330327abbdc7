/** Whatever is in the configuration file: it is read, or refused with one sentence that names the file. */
import assert from 'node:assert/strict'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { isHost, parseAddress } from '../../src/base/address.ts'
import { configure } from '../../src/cli/config/configure.ts'
import { CONFIGURE_CLI } from '../../src/cli/config/configure-options.ts'
import { parseConfig } from '../../src/client-config/client-config.ts'
import { type ConfigDocument, parseDocument, renderConfig } from '../../src/client-config/document.ts'
import { editCluster, setLogging } from '../../src/client-config/edit.ts'
import { HsmError } from '../../src/contract/errors.ts'

const PATH = '/etc/fuzzed.cfg'

/** A configuration in which any member may have been replaced by anything. */
const almost = (value: fc.Arbitrary<unknown>) =>
  fc.oneof({ weight: 20, arbitrary: value }, { weight: 1, arbitrary: fc.jsonValue() })
const record = (members: Record<string, fc.Arbitrary<unknown>>) =>
  almost(
    fc.record(Object.fromEntries(Object.entries(members).map(([k, v]) => [k, almost(v)])), {
      requiredKeys: [],
    }),
  )

const hostname = fc.oneof(fc.ipV4(), fc.ipV6(), fc.domain(), fc.string(), fc.constant('%%HSM_IP_ADDRESS%%'))
const server = record({ hostname, port: fc.integer({ min: -1, max: 70_000 }), enable: fc.boolean() })
const cluster = record({
  cluster_id: fc.constantFrom('a', 'b', 'c', ''),
  hsm_ca_file: fc.string(),
  servers: fc.array(server, { maxLength: 4 }),
  client_cert_hsm_tls_path: fc.string(),
  client_key_hsm_tls_path: fc.string(),
  options: record({ disable_key_availability_check: fc.boolean() }),
})
const configuration = record({
  clusters: fc.array(record({ type: fc.string(), cluster_id: fc.constantFrom('a', 'b', 'c'), cluster }), {
    maxLength: 3,
  }),
  logging: record({
    log_type: fc.constantFrom('term', 'file', 'x'),
    log_file: fc.string(),
    log_level: fc.string(),
  }),
})

/** Chance may find none that is accepted. */
const SOUND = {
  clusters: [
    {
      type: 'hsm1',
      cluster: { hsm_ca_file: 'ca.crt', servers: [{ hostname: '127.0.0.1', port: 2223, enable: true }] },
    },
  ],
}

/** The result, or undefined when it was refused as it should be. */
function tolerant<T>(body: () => T): T | undefined {
  try {
    return body()
  } catch (error) {
    assert.ok(error instanceof HsmError, String(error))
    assert.ok(error.message.includes(PATH), error.message)
    // biome-ignore lint/suspicious/noControlCharactersInRegex: none of them may reach a terminal
    assert.doesNotMatch(error.message, /[\u0000-\u001f]/)
    assert.ok(error.message.length < 400, error.message)
    return undefined
  }
}

suite('configuration file, fuzzed', () => {
  test('any text', () => {
    const anyText = fc.oneof(fc.string({ unit: 'binary', maxLength: 200 }), fc.json())
    fc.assert(fc.property(anyText, (text) => void tolerant(() => parseConfig(text, PATH))))
  })

  test('any member of any value', () => {
    let accepted = 0
    const property = fc.property(configuration, (value) => {
      const config = tolerant(() => parseConfig(JSON.stringify(value), PATH))
      if (config === undefined) return
      accepted += 1
      for (const { servers } of config.clusters) {
        assert.ok(servers.some(({ enable }) => enable))
        assert.ok(
          servers.every((server) => isHost(server.hostname) && server.port > 0 && server.port < 65_536),
        )
      }
    })
    fc.assert(property, { numRuns: 2000, examples: [[SOUND]] })
    assert.ok(accepted > 0)
  })

  test('what is rendered reads back the same, and an edit made twice is made once', () => {
    fc.assert(
      fc.property(configuration, (value) => {
        const document = tolerant(() => parseDocument(JSON.stringify(value), PATH))
        if (document === undefined) return
        assert.deepEqual(parseDocument(renderConfig(document), PATH), document)
        if (document.clusters.length !== 1) return
        const edit = (before: ConfigDocument) =>
          setLogging(editCluster(before, undefined, { servers: [{ hostname: 'h', port: 1 }], caFile: 'f' }), {
            level: 'warn',
          })
        assert.deepEqual(edit(edit(document)), edit(document))
      }),
      { numRuns: 1000 },
    )
  })

  test('an address is any host with a port', () => {
    const host = fc.oneof(fc.ipV4(), fc.domain())
    const port = fc.integer({ min: 1, max: 65_535 })
    fc.assert(
      fc.property(host, port, (name, number) => {
        assert.deepEqual(parseAddress(`${name}:${number}`), { hostname: name, port: number })
      }),
    )
    fc.assert(
      fc.property(fc.ipV6(), port, (name, number) => {
        assert.deepEqual(parseAddress(`[${name}]:${number}`), { hostname: name, port: number })
      }),
    )
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => void parseAddress(text)))
  })

  test('any words for configure-cli', (t) => {
    const home = mkdtempSync(join(tmpdir(), 'strongroom-fuzz-'))
    t.after(() => rmSync(home, { recursive: true }))
    const surroundings = {
      version: '1',
      env: { STRONGROOM_HOME: home },
      homeDirectory: home,
      workingDirectory: home,
    }
    const known = fc.constantFrom(
      'add-cluster',
      'remove-cluster',
      '--cluster-id',
      '-a',
      '--hsm-ca-cert',
      '--log-file',
    )
    const word = fc.oneof(known, fc.constantFrom('a', 'b', '::1', '10.0.0.1', '--', '-', ''), fc.string())
    const property = fc.property(fc.array(word, { maxLength: 8 }), (words) => {
      const { text, exit, stream } = configure(CONFIGURE_CLI, words, surroundings)
      assert.equal(stream === 'stderr', exit !== 0)
      assert.ok(
        exit === 2 || text === '' || /^Error: .+\n$/.test(text) || /Usage: configure-cli/.test(text),
        text,
      )
      const file = join(home, 'etc/cloudhsm-cli.cfg')
      if (existsSync(file)) parseDocument(readFileSync(file, 'utf8'), file)
    })
    fc.assert(property, { numRuns: 500, examples: [[['-a', 'h', '--cluster-id', 'a']]] })
  })
})
