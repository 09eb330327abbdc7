/** What a shell keeps of a login, and what becomes of it when its session is gone. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { createClusterClients } from '../../../src/cli/cluster-clients.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { shellOn, testShell } from '../../support/cli.ts'
import { resumableHsm, type StubHsm, stubHsm } from '../../support/stub-hsm.ts'

const failed = (data: string) => ({
  text: `${JSON.stringify({ error_code: 1, data }, null, 2)}\n`,
  exit: 1,
  stream: 'stdout',
})

suite('a login', () => {
  test('is held once, and gone when the HSM says so', async () => {
    const hsm = stubHsm({ 'key.list': new HsmError('not-logged-in', 'The login has ended, log in again') })
    const shell = testShell(hsm)
    const login = 'login --username ines --role crypto-user --password password'
    assert.deepEqual(await shell.run('key list'), failed('Not logged in'))
    assert.equal((await shell.run(login)).exit, 0)
    assert.deepEqual(await shell.run(login), failed('User is already logged in'))
    assert.deepEqual(await shell.run('key list'), failed('The login has ended, log in again'))
    assert.deepEqual(await shell.run('key list'), failed('Not logged in'))
    assert.equal((await shell.run(login)).exit, 0)
  })

  test('is gone with the connection', async () => {
    let lost = () => {}
    const clients = createClusterClients(
      {
        ids: () => ['c'],
        async connect(_id, onLost) {
          lost = onLost
          return { hsm: stubHsm(), close: () => undefined }
        },
      },
      undefined,
      (id) => notices.push(id),
    )
    const notices: string[] = []
    const client = clients.of(undefined)
    await client.call('session.logout', {})
    lost()
    assert.deepEqual(notices, [], 'nobody was logged in')
    await client.login({ username: 'ines', role: 'crypto-user', password: 'password' })
    lost()
    assert.deepEqual(notices, ['c'])
    assert.equal(client.username(), undefined)
  })

  test('goes on when the connection is gone, in another session', async () => {
    let lost = () => {}
    const notices: [string, boolean][] = []
    const hsm = resumableHsm({ 'user.list': { users: [] } })
    const clients = createClusterClients(
      {
        ids: () => ['c'],
        async connect(_id, onLost) {
          lost = onLost
          return { hsm, close: () => undefined }
        },
      },
      undefined,
      (...notice) => notices.push(notice),
    )
    const client = clients.of(undefined)
    await client.login({ username: 'ines', role: 'crypto-user', password: 'password' })
    lost()
    lost()
    assert.deepEqual(notices, [['c', true]])
    assert.equal(client.username(), 'ines')
    await Promise.all([client.call('user.list', {}), client.call('user.list', {})])
    assert.deepEqual(
      hsm.asked.map(({ operation, session }) => [operation, session]),
      [
        ['session.login', undefined],
        ['session.resume', undefined],
        ['user.list', 'another'],
        ['user.list', 'another'],
      ],
    )
    assert.equal(JSON.stringify(hsm.asked.slice(1)).includes('password'), false)
  })

  test('goes on when the connection goes during a call that another HSM is asked then', async () => {
    let lost = () => {}
    const list = () => {
      if (hsm.asked.at(-1)?.session === 'another') return { users: [] }
      lost()
      throw new HsmError('not-logged-in')
    }
    const hsm: StubHsm = resumableHsm({ 'user.list': list })
    const clients = createClusterClients(
      {
        ids: () => ['c'],
        async connect(_id, onLost) {
          lost = onLost
          return { hsm, close: () => undefined }
        },
      },
      undefined,
    )
    const client = clients.of(undefined)
    await client.login({ username: 'ines', role: 'crypto-user', password: 'password' })
    assert.deepEqual(await client.call('user.list', {}), { users: [] })
  })

  test('that has ended is gone, and whoever logs out after the connection went ends it', async () => {
    let lost = () => {}
    const answers = [{ token: 'another', username: 'ines', role: 'crypto-user' }]
    const resume = () => {
      const answer = answers.pop()
      if (!answer) throw new HsmError('not-logged-in', 'The login has ended, log in again')
      return answer
    }
    const hsm = resumableHsm({ 'session.resume': resume })
    const shell = shellOn({
      ids: () => ['c'],
      async connect(_id, onLost) {
        lost = onLost
        return { hsm, close: () => undefined }
      },
    })
    const login = 'login --username ines --role crypto-user --password password'
    await shell.run(login)
    lost()
    assert.equal((await shell.run('logout')).exit, 0)
    assert.deepEqual(hsm.asked.at(-1), { operation: 'session.logout', request: {}, session: 'another' })
    await shell.run(login)
    lost()
    assert.deepEqual(await shell.run('key list'), failed('The login has ended, log in again'))
    assert.deepEqual(await shell.run('key list'), failed('Not logged in'))
  })

  test('is forgotten by a logout that may not be known everywhere, and kept by one that was not taken', async () => {
    const answers = [new HsmError('busy'), new HsmError('unconfirmed')]
    const hsm = resumableHsm({
      'session.logout': () => {
        throw answers.shift() ?? new HsmError('internal')
      },
      'user.list': { users: [] },
    })
    const shell = testShell(hsm)
    await shell.run('login --username ines --role crypto-user --password password')
    assert.equal((await shell.run('logout')).exit, 1)
    assert.equal((await shell.run('user list')).exit, 0)
    assert.equal(hsm.asked.at(-1)?.session, 'token')
    assert.equal((await shell.run('logout')).exit, 1)
    assert.equal((await shell.run('user list')).exit, 0)
    assert.equal(hsm.asked.at(-1)?.session, undefined)
    assert.equal(hsm.asked.filter(({ operation }) => operation === 'session.resume').length, 0)
  })

  test('of an HSM of an earlier version ends with its session', async () => {
    const asked: string[] = []
    const hsm = {
      async call(operation: string, request: object) {
        asked.push(operation)
        if ('resumable' in request) throw new HsmError('invalid-request')
        if (operation === 'session.login') return { token: 'token', username: 'ines', role: 'crypto-user' }
        throw new HsmError('not-logged-in')
      },
    } as unknown as Hsm
    const shell = testShell(hsm)
    assert.equal((await shell.run('login --username ines --role crypto-user --password password')).exit, 0)
    assert.deepEqual(await shell.run('key list'), failed('Not logged in'))
    assert.deepEqual(asked, ['session.login', 'session.login', 'key.list'])
  })

  test('connects again after a failure', async () => {
    let attempts = 0
    const clients = createClusterClients(
      {
        ids: () => ['c'],
        async connect() {
          attempts += 1
          if (attempts === 1) throw new HsmError('unavailable')
          return { hsm: stubHsm(), close: () => undefined }
        },
      },
      undefined,
    )
    const client = clients.of(undefined)
    await assert.rejects(client.call('session.logout', {}), { code: 'unavailable' })
    await client.call('session.logout', {})
    assert.equal(attempts, 2)
  })
})
