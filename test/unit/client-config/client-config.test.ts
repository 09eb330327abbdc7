import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseConfig } from '../../../src/client-config/client-config.ts'
import { HsmError } from '../../../src/contract/errors.ts'

const PATH = '/opt/cloudhsm/etc/cloudhsm-cli.cfg'
const SERVER = { hostname: '10.0.7.21', port: 2223, enable: true }

const parse = (value: unknown) => parseConfig(JSON.stringify(value), PATH)
const cluster = (members: object = {}) => ({ type: 'hsm1', cluster: { servers: [SERVER], ...members } })
const one = (members: object = {}) => ({ clusters: [cluster(members)] })

const refuses = (value: unknown, message: string) =>
  assert.throws(
    () => (typeof value === 'string' ? parseConfig(value, PATH) : parse(value)),
    (error) => error instanceof HsmError && error.code === 'invalid-request' && error.message === message,
    message,
  )

suite('client configuration', () => {
  test('the layout of the client of CloudHSM, complete', () => {
    const config = parse({
      clusters: [
        {
          type: 'hsm1',
          cluster: {
            hsm_ca_file: '/opt/cloudhsm/etc/customerCA.crt',
            servers: [SERVER, { hostname: '10.0.8.34', port: 2224, enable: false }],
            client_cert_hsm_tls_path: '/opt/cloudhsm/etc/client-chain.pem',
            client_key_hsm_tls_path: '/opt/cloudhsm/etc/client.key',
            options: { disable_key_availability_check: false },
          },
        },
      ],
      logging: { log_type: 'term', log_file: '/var/log/x.log', log_level: 'warn', log_interval: 'hourly' },
    })
    assert.deepEqual(config, {
      clusters: [
        {
          id: undefined,
          servers: [SERVER, { hostname: '10.0.8.34', port: 2224, enable: false }],
          caFile: '/opt/cloudhsm/etc/customerCA.crt',
          clientCert: '/opt/cloudhsm/etc/client-chain.pem',
          clientKey: '/opt/cloudhsm/etc/client.key',
          keyAvailabilityCheck: true,
          weakHashes: false,
        },
      ],
      logging: { type: 'term', file: '/var/log/x.log', level: 'warn', rotation: 'hourly' },
    })
  })

  test('what is left out has the defaults of the client of CloudHSM', () => {
    assert.deepEqual(parse({ clusters: [{ cluster: { servers: [{ hostname: 'hsm.example' }] } }] }), {
      clusters: [
        {
          id: undefined,
          servers: [{ hostname: 'hsm.example', port: 2223, enable: true }],
          caFile: '/opt/cloudhsm/etc/customerCA.crt',
          keyAvailabilityCheck: undefined,
          weakHashes: false,
        },
      ],
      logging: { type: 'file', file: '/opt/cloudhsm/run/cloudhsm-cli.log', level: 'info', rotation: 'daily' },
    })
  })

  test('the id stands beside type or inside cluster', () => {
    const outside = { ...cluster(), cluster_id: 'cluster-a' }
    const inside = cluster({ cluster_id: 'cluster-b' })
    assert.deepEqual(
      parse({ clusters: [outside, inside] }).clusters.map(({ id }) => id),
      ['cluster-a', 'cluster-b'],
    )
  })

  test('the key availability check is off, on, or left to the cluster', () => {
    const check = (options?: object) => parse(one({ options })).clusters[0]?.keyAvailabilityCheck
    assert.equal(check({ disable_key_availability_check: true }), false)
    assert.equal(check({ disable_key_availability_check: false }), true)
    assert.equal(check({}), undefined)
    assert.equal(check(undefined), undefined)
  })

  test('relative files count from the directory of the configuration', () => {
    const [read] = parse(one({ hsm_ca_file: '../ca.crt' })).clusters
    assert.equal(read?.caFile, '/opt/cloudhsm/ca.crt')
  })
})

suite('client configuration that cannot be used', () => {
  const DISABLED = { servers: [{ ...SERVER, enable: false }] }
  const IPS = 'must be a host name or an address; set it with: configure-cli -a ADDRESS'
  const cases: readonly (readonly [name: string, value: unknown, message: string])[] = [
    ['not JSON', '{"clusters": nope}', `${PATH}: not valid JSON`],
    ['a comma too many', '{\n"clusters": [],}', `${PATH}: not valid JSON (line 2 column 16)`],
    ['empty file', '', `${PATH}: not valid JSON`],
    ['too large', ' '.repeat(1024 * 1024 + 1), `${PATH}: larger than 1048576 bytes`],
    [
      'as deep as a file can be',
      `{"clusters":[],"x":${'['.repeat(500_000)}${']'.repeat(500_000)}}`,
      `${PATH}: nested deeper than 32 levels`,
    ],
    ['a number', 1, `${PATH}: the configuration must be an object`],
    ['no clusters', {}, `${PATH}: clusters is missing`],
    ['clusters of a wrong type', { clusters: {} }, `${PATH}: clusters must be a list`],
    ['no cluster', { clusters: [] }, `${PATH}: no cluster in it; add one with: configure-cli -a ADDRESS`],
    ['a cluster of a wrong type', { clusters: [7] }, `${PATH}: clusters[0] must be an object`],
    ['a cluster without cluster', { clusters: [{}] }, `${PATH}: clusters[0].cluster is missing`],
    ['no servers', { clusters: [{ cluster: {} }] }, `${PATH}: clusters[0].cluster.servers is missing`],
    ['servers null', one({ servers: null }), `${PATH}: clusters[0].cluster.servers must be a list`],
    [
      'no enabled server',
      one(DISABLED),
      `${PATH}: clusters[0].cluster.servers has no enabled server; set one with: configure-cli -a ADDRESS`,
    ],
    ['no hostname', one({ servers: [{}] }), `${PATH}: clusters[0].cluster.servers[0].hostname is missing`],
    [
      'hostname a number',
      one({ servers: [SERVER, { hostname: 1 }] }),
      `${PATH}: clusters[0].cluster.servers[1].hostname must be text`,
    ],
    [
      'the placeholder of a shipped file',
      one({ servers: [{ hostname: '%%HSM_IP_ADDRESS%%' }] }),
      `Config key hostname has invalid value: clusters[0].cluster.servers[0].hostname in ${PATH} ${IPS}`,
    ],
    [
      'an empty hostname',
      one({ servers: [{ hostname: '' }] }),
      `Config key hostname has invalid value: clusters[0].cluster.servers[0].hostname in ${PATH} ${IPS}`,
    ],
    ...[0, 65_536, 1.5, -1].map(
      (port) =>
        [
          `port ${port}`,
          one({ servers: [{ ...SERVER, port }] }),
          `${PATH}: clusters[0].cluster.servers[0].port must be from 1 to 65535`,
        ] as const,
    ),
    [
      'port as text',
      one({ servers: [{ ...SERVER, port: '2223' }] }),
      `${PATH}: clusters[0].cluster.servers[0].port must be a number`,
    ],
    [
      'enable as text',
      one({ servers: [{ ...SERVER, enable: 'yes' }] }),
      `${PATH}: clusters[0].cluster.servers[0].enable must be true or false`,
    ],
    [
      'an empty CA file',
      one({ hsm_ca_file: '' }),
      `${PATH}: clusters[0].cluster.hsm_ca_file must not be empty`,
    ],
    [
      'NUL in a path',
      one({ hsm_ca_file: 'a\0' }),
      `${PATH}: clusters[0].cluster.hsm_ca_file must have no control characters`,
    ],
    [
      'a long path',
      one({ hsm_ca_file: 'a'.repeat(4097) }),
      `${PATH}: clusters[0].cluster.hsm_ca_file must have at most 4096 characters`,
    ],
    [
      'an empty client certificate',
      one({ client_cert_hsm_tls_path: '', client_key_hsm_tls_path: 'k' }),
      'Could not read configuration-referenced file client_cert_hsm_tls_path at location : No such file or directory: ' +
        `clusters[0].cluster.client_cert_hsm_tls_path in ${PATH} must not be empty; leave it out for plain TLS`,
    ],
    [
      'a client key alone',
      one({ client_key_hsm_tls_path: 'k' }),
      `${PATH}: clusters[0].cluster.client_cert_hsm_tls_path and client_key_hsm_tls_path go together`,
    ],
    [
      'an option of a wrong type',
      one({ options: { disable_key_availability_check: 'true' } }),
      `${PATH}: clusters[0].cluster.options.disable_key_availability_check must be true or false`,
    ],
    [
      'another option of a wrong type',
      one({ options: { enable_ecdsa_with_weak_hash_function: 1 } }),
      `${PATH}: clusters[0].cluster.options.enable_ecdsa_with_weak_hash_function must be true or false`,
    ],
    [
      'an id with a blank',
      { clusters: [{ ...cluster(), cluster_id: 'a b' }] },
      `${PATH}: clusters[0].cluster_id must have 1 to 128 letters, digits, ".", "_" or "-"`,
    ],
    [
      'the same id twice',
      { clusters: [{ ...cluster(), cluster_id: 'a' }, cluster({ cluster_id: 'a' })] },
      `${PATH}: clusters[1].cluster_id is a, which clusters[0] has already`,
    ],
    [
      'two ids in one cluster',
      { clusters: [{ ...cluster({ cluster_id: 'a' }), cluster_id: 'b' }] },
      `${PATH}: clusters[0].cluster.cluster_id differs from clusters[0].cluster_id`,
    ],
    [
      'an unknown log level',
      { ...one(), logging: { log_level: 'loud' } },
      `${PATH}: logging.log_level must be one of error, warn, info, debug, trace`,
    ],
    [
      'an unknown log rotation',
      { ...one(), logging: { log_interval: 'yearly' } },
      `${PATH}: logging.log_interval must be one of never, hourly, daily, weekly`,
    ],
  ]
  for (const [name, value, message] of cases) test(name, () => refuses(value, message))
})
