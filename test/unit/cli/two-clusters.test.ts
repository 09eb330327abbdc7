/** Commands between two clusters: who is asked what, as whom, in which order. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClusterClients } from '../../../src/cli/cluster-clients.ts'
import { credentials } from '../../../src/cli/credentials.ts'
import { type Environment, execute, noTerminal } from '../../../src/cli/execute.ts'
import { programTree } from '../../../src/cli/tree.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import { type StubHsm, stubHsm } from '../../support/stub-hsm.ts'

type Env = Readonly<Record<string, string>>

const AS_SOURCE: Env = { CLOUDHSM_ROLE: 'crypto-user', CLOUDHSM_PIN: 'ines:one' }
const AS_DESTINATION: Env = {
  DESTINATION_CLOUDHSM_ROLE: 'admin',
  DESTINATION_CLOUDHSM_PIN: 'root:two',
}
const BOTH: Env = { ...AS_SOURCE, ...AS_DESTINATION }
const REPLICATE = 'key replicate --filter attr.label=pay'
const BETWEEN = '--source-cluster-id one --destination-cluster-id two'

const source = () => stubHsm({ 'key.export-replica': { parcel: 'PPPP' } })
const destination = () =>
  stubHsm({
    'replica.challenge': { challenge: 'CCCC' },
    'key.import-replica': { key: { 'key-reference': '0x1' } },
  })

async function replicate(one: StubHsm, two: StubHsm, line = `${REPLICATE} ${BETWEEN}`, env: Env = BOTH) {
  const hsms: Readonly<Record<string, StubHsm>> = { one, two }
  const clusters = {
    ids: () => Object.keys(hsms),
    connect: async (id: string) => ({ hsm: hsms[id] ?? one, close: () => undefined }),
  }
  const clients = createClusterClients(clusters, undefined)
  const environment: Environment = {
    root: programTree('1.2.3'),
    open: async ({ clusterId, option }) => clients.of(clusterId, option),
    credentials: (side) => credentials(env, side === 'destination' ? 'DESTINATION_' : ''),
    askHidden: async () => {
      throw noTerminal()
    },
  }
  const output = await execute(line.split(' '), environment)
  await clients.close()
  return { ...output, data: output.exit === 2 ? output.text : JSON.parse(output.text).data }
}

const asked = (hsm: StubHsm) => hsm.asked.map(({ operation }) => operation)

suite('a command between two clusters', () => {
  test('logs in to both, carries the challenge one way and the parcel the other', async () => {
    const [one, two] = [source(), destination()]
    const { data, exit } = await replicate(one, two)
    assert.deepEqual(
      [exit, data],
      [0, { key: { 'key-reference': '0x1' }, message: 'Successfully replicated key' }],
    )
    assert.deepEqual(asked(one), ['session.login', 'key.export-replica'])
    assert.deepEqual(asked(two), ['session.login', 'replica.challenge', 'key.import-replica'])
    const [login, exported] = one.asked
    assert.deepEqual(login?.request, {
      username: 'ines',
      role: 'crypto-user',
      password: 'one',
      'idle-seconds': 86_400,
    })
    assert.deepEqual(exported?.request, { filter: ['attr.label=pay'], challenge: 'CCCC' })
    assert.deepEqual(two.asked[2]?.request, { challenge: 'CCCC', parcel: 'PPPP' })
    const there = {
      username: 'root',
      role: 'admin',
      password: 'two',
      'idle-seconds': 86_400,
    }
    assert.deepEqual(two.asked[0]?.request, there)
  })

  const refusals: readonly (readonly [Env, string])[] = [
    [{}, 'Not logged in: set CLOUDHSM_ROLE and CLOUDHSM_PIN'],
    [
      AS_SOURCE,
      'Not logged in to the destination: set DESTINATION_CLOUDHSM_ROLE and DESTINATION_CLOUDHSM_PIN',
    ],
    [AS_DESTINATION, 'Not logged in: set CLOUDHSM_ROLE and CLOUDHSM_PIN'],
    [
      { ...AS_SOURCE, DESTINATION_CLOUDHSM_ROLE: 'admin' },
      'DESTINATION_CLOUDHSM_ROLE is set but DESTINATION_CLOUDHSM_PIN is not',
    ],
    [
      { ...AS_SOURCE, DESTINATION_CLOUDHSM_PIN: 'a:b' },
      'DESTINATION_CLOUDHSM_PIN is set but DESTINATION_CLOUDHSM_ROLE is not',
    ],
    [
      { ...BOTH, DESTINATION_CLOUDHSM_ROLE: 'root' },
      'DESTINATION_CLOUDHSM_ROLE must be crypto-user or admin',
    ],
    [{ ...BOTH, DESTINATION_CLOUDHSM_PIN: 'x' }, 'DESTINATION_CLOUDHSM_PIN must be username:password'],
  ]
  for (const [env, message] of refusals) {
    test(`${message}: neither is asked anything`, async () => {
      const [one, two] = [source(), destination()]
      assert.equal((await replicate(one, two, undefined, env)).data, message)
      assert.deepEqual([one.asked, two.asked], [[], []])
    })
  }

  test('needs two configured clusters', async () => {
    const between = (a: string, b: string) =>
      replicate(
        source(),
        destination(),
        `${REPLICATE} --source-cluster-id ${a} --destination-cluster-id ${b}`,
      )
    assert.equal((await between('one', 'one')).data, 'The source and the destination are the same cluster')
    const unknown = (option: string) => `${option}: three is not a configured cluster`
    assert.equal((await between('three', 'two')).data, unknown('--source-cluster-id'))
    assert.equal((await between('one', 'three')).data, unknown('--destination-cluster-id'))
    assert.equal(
      (await replicate(source(), destination(), `${REPLICATE} ${BETWEEN} --cluster-id one`)).exit,
      2,
    )
  })

  test('says what either of them refuses', async () => {
    const refusing = stubHsm({ 'key.export-replica': new HsmError('not-owner') })
    const two = destination()
    assert.equal((await replicate(refusing, two)).data, 'User does not own the key')
    assert.deepEqual(asked(two), ['session.login', 'replica.challenge'])
  })
})
