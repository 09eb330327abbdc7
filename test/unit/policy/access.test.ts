/** Who asks, and whether they still may when it counts. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { LoginRecord } from '../../../src/model/records.ts'
import { isCurrent, mayAct, mayGoOn } from '../../../src/policy/access.ts'
import { keyOfStream, mayContinue } from '../../../src/policy/key-stream.ts'
import { mayOpen } from '../../../src/policy/login.ts'
import { aKey, anActor, aUser, HERE, OWNER, STRANGER } from '../../support/records.ts'

const codeOf = (decision: { readonly allow: boolean; readonly code?: string }): string =>
  decision.allow ? 'ok' : String(decision.code)

suite('a session is good if and only if it is open, and of the present password or of the change to it', () => {
  for (const open of [true, false]) {
    for (const credentialVersion of [3, 4]) {
      for (const survivingSession of [undefined, 's', 'another']) {
        for (const user of [aUser({ credentialVersion: 4, survivingSession }), undefined]) {
          const session = { id: 's', credentialVersion, open }
          const good = open && user !== undefined && (credentialVersion === 4 || survivingSession === 's')
          const name = `open ${open}, begun under ${credentialVersion} of 4, survives ${survivingSession}, user ${user !== undefined}`
          test(name, () => {
            assert.equal(isCurrent(session, user), good)
            assert.equal(codeOf(mayAct(session, user)), good ? 'ok' : 'not-logged-in')
            assert.equal(codeOf(mayGoOn(session, user)), good ? 'ok' : 'not-logged-in')
          })
        }
      }
    }
  }

  test('who asks without one has none to lose, and is nobody', () => {
    assert.equal(codeOf(mayGoOn(undefined, undefined)), 'ok')
    assert.equal(codeOf(mayAct(undefined, aUser())), 'not-logged-in')
  })

  test('acts as its user', () => {
    const user = aUser({ credentialVersion: 1 })
    const may = mayAct({ id: 's', credentialVersion: 1, open: true }, user)
    const { id, username, role } = user
    assert.deepEqual(may.allow && may.result, { id, username, role, session: 's' })
  })
})

suite('a message in parts goes on', () => {
  const use = { purpose: 'sign', mechanism: { name: 'rsa-pkcs', hash: 'sha256', input: 'raw' } } as const
  const begun = { start: use }
  const going = (stream: Parameters<typeof mayContinue>[0]['stream'], id = OWNER, sign = true) =>
    codeOf(mayContinue({ actor: anActor(id), key: aKey({ flags: { sign } }), circumstances: HERE, stream }))

  test('while it has begun, its right has not ended, and its key may be used so', () => {
    assert.equal(going({ begun, ended: undefined }), 'ok')
    assert.equal(going({ begun, ended: undefined }, STRANGER), 'not-permitted')
    assert.equal(going({ begun, ended: undefined }, OWNER, false), 'key-function')
  })

  test('and not when it is over, whatever right there is now', () => {
    assert.equal(going(undefined), 'revoked')
    assert.equal(going({ begun: undefined, ended: undefined }), 'revoked')
    assert.equal(going({ begun, ended: 'revoked' }), 'revoked')
    assert.equal(going({ begun, ended: 'not-serving' }), 'not-serving')
    assert.equal(codeOf(keyOfStream(undefined)), 'revoked')
    assert.equal(codeOf(keyOfStream(aKey())), 'ok')
  })
})

test('the session of a resumed login is opened if the login is still there with it, under the same password', () => {
  const user = aUser({ credentialVersion: 2 })
  const login: LoginRecord = {
    kind: 'login',
    id: 'l',
    user: user.id,
    secretHash: '',
    through: 'local',
    session: 's',
    availabilityCheck: undefined,
    weakHashes: false,
    idleMs: 1,
    credentialVersion: 2,
    expiresAt: 1,
  }
  assert.equal(codeOf(mayOpen(login, { login, user })), 'ok')
  for (const now of [
    { login: undefined, user },
    { login: { ...login, session: 'another' }, user },
    { login, user: undefined },
    { login, user: { ...user, credentialVersion: 3 } },
  ])
    assert.equal(codeOf(mayOpen(login, now)), 'not-logged-in')
})
