import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Clusters, createClusterClients } from '../../../src/cli/cluster-clients.ts'
import { credentials } from '../../../src/cli/credentials.ts'
import { type Environment, execute, noTerminal } from '../../../src/cli/execute.ts'
import { programTree } from '../../../src/cli/tree.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { oneCluster, testShell } from '../../support/cli.ts'
import { stubHsm } from '../../support/stub-hsm.ts'

const failed = (data: string) => ({
  text: `${JSON.stringify({ error_code: 1, data }, null, 2)}\n`,
  exit: 1,
  stream: 'stdout',
})

/** The program, run once. */
async function once(clusters: Clusters, line: string, env: { role?: string; pin?: string } = {}) {
  let close = async () => {}
  const environment: Environment = {
    root: programTree('1.2.3'),
    async open({ clusterId }) {
      const clients = createClusterClients(clusters, clusterId)
      close = clients.close
      return clients.of(clusterId)
    },
    credentials: () => credentials({ CLOUDHSM_ROLE: env.role, CLOUDHSM_PIN: env.pin }, ''),
    askHidden: async () => {
      throw noTerminal()
    },
  }
  const output = await execute(line.split(' '), environment)
  await close()
  return output
}

/** As a configuration may have them. */
const OPTIONS = { 'key-availability-check': true, 'ecdsa-with-weak-hash-function': true }

const several = (hsms: Readonly<Record<string, Hsm>>): Clusters => ({
  ids: () => Object.keys(hsms),
  async connect(id) {
    const hsm = hsms[id]
    assert.ok(hsm, `no cluster ${id}`)
    return { hsm, sessionOptions: OPTIONS, close: () => undefined }
  },
})

const UNSHARE = 'key unshare --filter key-reference=0x1 --username alice --role crypto-user'

suite('one command', () => {
  test('logs in and runs; the end of the connection is the end of its login', async () => {
    const hsm = stubHsm({ 'key.unshare': {} })
    const output = await once(oneCluster(hsm), UNSHARE, { role: 'crypto-user', pin: 'ines:pass:word' })
    assert.equal(
      output.text,
      '{\n  "error_code": 0,\n  "data": {\n    "message": "Key unshared successfully"\n  }\n}\n',
    )
    assert.deepEqual([output.exit, output.stream], [0, 'stdout'])
    assert.deepEqual(
      hsm.asked.map(({ operation, session }) => [operation, session]),
      [
        ['session.login', undefined],
        ['key.unshare', 'token'],
      ],
    )
    const [{ request: login } = {}, { request: unshare } = {}] = hsm.asked
    assert.deepEqual(unshare, { filter: ['key-reference=0x1'], usernames: ['alice'], role: 'crypto-user' })
    // Nothing is left of it at the HSM when the connection is gone: it cannot be resumed.
    assert.deepEqual(login, {
      username: 'ines',
      role: 'crypto-user',
      password: 'pass:word',
      'idle-seconds': 86_400,
    })
  })

  test('needs no login where the HSM needs none', async () => {
    const hsm = stubHsm({ 'user.list': { users: [] } })
    assert.equal((await once(oneCluster(hsm), 'user list', { role: 'nonsense' })).exit, 0)
    assert.deepEqual(hsm.asked, [{ operation: 'user.list', request: {}, session: undefined }])
  })

  const variables: readonly [{ role?: string; pin?: string }, string][] = [
    [{}, 'Not logged in: set CLOUDHSM_ROLE and CLOUDHSM_PIN'],
    [{ role: 'admin' }, 'CLOUDHSM_ROLE is set but CLOUDHSM_PIN is not'],
    [{ pin: 'a:b' }, 'CLOUDHSM_PIN is set but CLOUDHSM_ROLE is not'],
    [{ role: 'toString', pin: 'a:b' }, 'CLOUDHSM_ROLE must be crypto-user or admin'],
    [{ role: 'admin', pin: 'a:p\ufffdssword' }, 'CLOUDHSM_PIN is not UTF-8 text'],
    [{ role: 'admin', pin: 'secret' }, 'CLOUDHSM_PIN must be username:password'],
  ]
  for (const [env, message] of variables) {
    test(message, async () => {
      const hsm = stubHsm()
      assert.deepEqual(await once(oneCluster(hsm), 'key list', env), failed(message))
      assert.deepEqual(hsm.asked, [])
    })
  }

  test('prints what the HSM says when it refuses', async () => {
    const hsm = stubHsm({ 'key.unshare': new HsmError('not-owner') })
    const output = await once(oneCluster(hsm), UNSHARE, { role: 'crypto-user', pin: 'ines:password' })
    assert.deepEqual(output, failed('User does not own the key'))
    assert.equal(hsm.asked.at(-1)?.operation, 'key.unshare')
  })

  for (const gone of ['not-logged-in', 'not-serving'] as const) {
    test(`logs in and asks again when the HSM has not done it: ${gone}`, async () => {
      let answers = 0
      const unshare = () => {
        if (answers++ === 0) throw new HsmError(gone)
        return {}
      }
      let logins = 0
      const login = () => ({ token: `token ${++logins}`, username: 'ines', role: 'crypto-user' })
      const hsm = stubHsm({ 'session.login': login, 'key.unshare': unshare })
      assert.equal(
        (await once(oneCluster(hsm), UNSHARE, { role: 'crypto-user', pin: 'ines:password' })).exit,
        0,
      )
      assert.deepEqual(
        hsm.asked.map(({ operation }) => operation),
        ['session.login', 'key.unshare', 'session.login', 'key.unshare'],
      )
      assert.deepEqual(hsm.asked[2], hsm.asked[0])
      assert.equal(hsm.asked[3]?.session, 'token 2')
    })

    test(`asks again once: ${gone}`, async () => {
      const hsm = stubHsm({ 'key.unshare': new HsmError(gone) })
      assert.equal(
        (await once(oneCluster(hsm), UNSHARE, { role: 'crypto-user', pin: 'ines:password' })).exit,
        1,
      )
      assert.deepEqual(
        hsm.asked.map(({ operation }) => operation),
        ['session.login', 'key.unshare', 'session.login', 'key.unshare'],
      )
    })
  }

  test('does not ask again when it may have been done', async () => {
    const hsm = stubHsm({ 'key.unshare': new HsmError('unavailable') })
    await once(oneCluster(hsm), UNSHARE, { role: 'crypto-user', pin: 'ines:password' })
    assert.equal(hsm.asked.filter(({ operation }) => operation === 'key.unshare').length, 1)
  })

  test('has no stack trace for what nobody foresaw', async () => {
    const clusters = { ids: () => ['c'], connect: () => Promise.reject(new TypeError('x is not a function')) }
    const output = await once(clusters, 'user list')
    assert.deepEqual(output, failed('Unexpected error: TypeError: x is not a function'))
  })

  test('wrong usage goes to stderr and touches no cluster', async () => {
    const hsm = stubHsm()
    const output = await once(oneCluster(hsm), 'key list --nonsense')
    assert.deepEqual([output.exit, output.stream, hsm.asked], [2, 'stderr', []])
    assert.deepEqual(await once(oneCluster(hsm), '--version'), {
      text: 'cloudhsm-cli 1.2.3\n',
      exit: 0,
      stream: 'stdout',
    })
    assert.deepEqual((await once(oneCluster(hsm), 'key')).exit, 2)
    assert.deepEqual((await once(oneCluster(hsm), 'help key')).exit, 0)
  })

  test('passes the turn on to the interactive mode', async () => {
    const output = await once(oneCluster(stubHsm()), '--config f interactive --cluster-id c')
    assert.deepEqual(output, {
      text: '',
      exit: 0,
      stream: 'stdout',
      next: { mode: 'interactive', args: { config: 'f', 'cluster-id': 'c' } },
    })
  })
})

suite('several clusters', () => {
  const list = () => stubHsm({ 'user.list': { users: [] } })

  test('are chosen by --cluster-id', async () => {
    const [one, two] = [list(), list()]
    assert.equal((await once(several({ one, two }), 'user list --cluster-id two')).exit, 0)
    assert.deepEqual([one.asked.length, two.asked.length], [0, 1])
  })

  test('without a choice are an error', async () => {
    const clusters = several({ one: list(), two: list() })
    assert.deepEqual(
      await once(clusters, 'user list'),
      failed('Several clusters are configured, choose one with --cluster-id: one, two'),
    )
    assert.deepEqual(
      await once(clusters, 'user list --cluster-id three'),
      failed('--cluster-id: three is not a configured cluster'),
    )
  })

  test('fall back to the cluster of the shell, and have logins of their own', async () => {
    const [one, two] = [list(), list()]
    const clients = createClusterClients(several({ one, two }), 'two')
    assert.equal(clients.prompt(), 'aws-cloudhsm > ')
    await clients.of('one').login({ username: 'ines', role: 'crypto-user', password: 'password' })
    assert.equal(clients.prompt(), 'aws-cloudhsm > ')
    await clients.of(undefined).login({ username: 'ines', role: 'crypto-user', password: 'password' })
    assert.equal(clients.prompt(), 'ines@two > ')
    await clients.of('two').logout()
    assert.equal(clients.prompt(), 'aws-cloudhsm > ')
    await clients.close()
    assert.deepEqual(one.asked.at(-1)?.operation, 'session.logout')
    assert.deepEqual(two.asked.filter(({ operation }) => operation === 'session.logout').length, 1)
    assert.deepEqual(one.asked[0]?.request, {
      username: 'ines',
      role: 'crypto-user',
      password: 'password',
      'idle-seconds': 86_400,
      resumable: true,
      ...OPTIONS,
    })
  })
})

suite('passwords', () => {
  const created = { username: 'ines', role: 'crypto-user' }

  test('are asked for when they are not given', async () => {
    const hsm = stubHsm({ 'user.create': created })
    const shell = testShell(hsm, ['login-pass', 'new-password', 'new-password'])
    await shell.run('login --username ines --role crypto-user')
    assert.equal((await shell.run('user create --username ines --role crypto-user')).exit, 0)
    assert.deepEqual(shell.prompts, ['Enter password:', 'Enter password:', 'Confirm password:'])
    assert.deepEqual(hsm.asked.at(-1)?.request, { ...created, password: 'new-password' })
  })

  test('that differ change nothing', async () => {
    const hsm = stubHsm()
    const shell = testShell(hsm, ['one-password', 'two-password'])
    assert.deepEqual(await shell.run('cluster activate'), failed('The passwords do not match'))
    assert.deepEqual(hsm.asked, [])
  })

  test('need a terminal', async () => {
    const output = await testShell(stubHsm()).run('login --username ines --role admin')
    assert.deepEqual(output, failed('A password is needed: give --password, or run on a terminal'))
  })
})
