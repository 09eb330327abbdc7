import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { parseConfig } from '../../../src/client-config/client-config.ts'
import { parseDocument, renderConfig } from '../../../src/client-config/document.ts'
import {
  addCluster,
  editCluster,
  newConfig,
  removeCluster,
  setLogging,
} from '../../../src/client-config/edit.ts'

const A = { hostname: '10.0.0.1', port: 2223 }
const B = { hostname: 'fd00::2', port: 2224 }

const document = (value: unknown) => parseDocument(JSON.stringify(value), 'x.cfg')
const nameless = () => document({ clusters: [{ type: 'hsm1', cluster: { servers: [A] } }] })
const several = () =>
  document({
    clusters: [
      { type: 'hsm1', cluster_id: 'a', cluster: { servers: [A] } },
      { type: 'hsm1', cluster: { cluster_id: 'b', servers: [A] } },
    ],
  })

suite('edits of the configuration', () => {
  test('the first configuration, as it is written', () => {
    const config = newConfig({ clusterId: 'a', servers: [A, B], caFile: '/h/ca.crt', logFile: '/h/cli.log' })
    assert.equal(
      renderConfig(config),
      `{
  "clusters": [
    {
      "type": "hsm1",
      "cluster_id": "a",
      "cluster": {
        "servers": [
          {
            "hostname": "10.0.0.1",
            "port": 2223,
            "enable": true
          },
          {
            "hostname": "fd00::2",
            "port": 2224,
            "enable": true
          }
        ],
        "hsm_ca_file": "/h/ca.crt"
      }
    }
  ],
  "logging": {
    "log_type": "file",
    "log_file": "/h/cli.log",
    "log_level": "info",
    "log_interval": "daily"
  }
}
`,
    )
    const read = parseConfig(renderConfig(config), '/h/etc/cloudhsm-cli.cfg')
    assert.deepEqual(read.clusters[0], {
      id: 'a',
      servers: [
        { ...A, enable: true },
        { ...B, enable: true },
      ],
      caFile: '/h/ca.crt',
      keyAvailabilityCheck: undefined,
      weakHashes: false,
    })
  })

  test('members of other writers stay, in their place', () => {
    const source = `{"comment":"ours","clusters":[{"note":1,"type":"hsm1","cluster":{"client_cert_path":"old.crt",
      "servers":[{"hostname":"h","weight":2}],"options":{"other":[1]},"__proto__":{"x":1}}}],"logging":{"log_color":"always"}}`
    const unedited = parseDocument(source, 'x.cfg')
    const edited = setLogging(editCluster(unedited, undefined, { keyAvailabilityCheck: false }), {
      level: 'trace',
    })
    const expected = source
      .replace('"other":[1]', '"other":[1],"disable_key_availability_check":true')
      .replace('"always"', '"always","log_level":"trace"')
    assert.equal(renderConfig(edited), `${JSON.stringify(JSON.parse(expected), null, 2)}\n`)
    assert.match(renderConfig(edited), /"__proto__": \{\n\s+"x": 1/)
  })

  test('an edit names one cluster and leaves the others', () => {
    const config = editCluster(several(), 'b', { servers: [B], clientCert: 'c', clientKey: 'k' })
    assert.deepEqual(config.clusters, [
      several().clusters[0],
      {
        type: 'hsm1',
        cluster: {
          cluster_id: 'b',
          servers: [{ ...B, enable: true }],
          client_cert_hsm_tls_path: 'c',
          client_key_hsm_tls_path: 'k',
        },
      },
    ])
  })

  test('the only cluster takes the id it is called by first', () => {
    const config = editCluster(nameless(), 'a', { caFile: 'ca' })
    assert.equal(config.clusters[0]?.cluster_id, 'a')
    assert.throws(() => editCluster(config, 'b', {}), {
      message: 'Cluster b is not in the configuration, which has only a',
    })
  })

  test('without an id there must be one cluster', () => {
    assert.throws(() => editCluster(several(), undefined, {}), {
      message: 'The configuration has 2 clusters; choose one with --cluster-id',
    })
    assert.throws(() => editCluster(document({ clusters: [] }), undefined, {}), {
      message: 'The configuration has 0 clusters; choose one with --cluster-id',
    })
  })

  test('a cluster is added once, and only where all have an id', () => {
    const added = addCluster(several(), { id: 'c', servers: [B], caFile: 'ca' })
    assert.equal(added.clusters.length, 3)
    assert.throws(() => addCluster(added, { id: 'b', servers: [B], caFile: 'ca' }), {
      message: 'Cluster b is already in the configuration',
    })
    const advice = {
      message: 'With several clusters each needs an id; name the first one with: --cluster-id ID -a ADDRESS',
    }
    assert.throws(() => addCluster(added, { servers: [B], caFile: 'ca' }), advice)
    assert.throws(() => addCluster(nameless(), { id: 'b', servers: [B], caFile: 'ca' }), advice)
  })

  test('the placeholder of a shipped file gives way to the first cluster', () => {
    const shipped = document({ clusters: [{ cluster: { servers: [{ hostname: '%%HSM_IP_ADDRESS%%' }] } }] })
    const config = addCluster(shipped, { id: 'a', servers: [A], caFile: 'ca' })
    assert.deepEqual(
      config.clusters.map((entry) => entry.cluster_id),
      ['a'],
    )
  })

  test('a cluster is removed by its id, in either place', () => {
    assert.deepEqual(removeCluster(removeCluster(several(), 'b'), 'a').clusters, [])
    assert.throws(() => removeCluster(several(), 'c'), {
      message: 'Cluster c is not in the configuration, which has only a, b',
    })
    assert.throws(() => removeCluster(nameless(), 'c'), {
      message: 'Cluster c is not in the configuration, which has no cluster with an id',
    })
  })
})
