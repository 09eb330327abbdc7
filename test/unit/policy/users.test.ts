import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import fc from 'fast-check'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { Role } from '../../../src/contract/users.ts'
import type { UserRecord } from '../../../src/model/records.ts'
import { mayAsk } from '../../../src/policy/access.ts'
import { type Actor, NOBODY } from '../../../src/policy/actor.ts'
import { isLocked, type LoginFacts, mayLogin } from '../../../src/policy/login.ts'
import {
  mayActivate,
  mayChangePassword,
  mayCreateUser,
  mayDeleteUser,
  mayLogoutUser,
} from '../../../src/policy/users.ts'
import { aCluster, anActor, aUser, OWNER, SHARED } from '../../support/records.ts'

const cluster = aCluster()
const facts = (changes: Partial<LoginFacts>): LoginFacts => ({
  cluster,
  role: 'crypto-user',
  user: aUser(),
  proven: true,
  provenVersion: 1,
  sessions: 0,
  sessionsOfUser: 0,
  ...changes,
})
const codeOf = (decision: { allow: boolean; code?: string }) => (decision.allow ? 'ok' : decision.code)

suite('access by role', () => {
  const rows = [
    ['anyone', 'ok', 'ok', 'ok'],
    ['session', 'not-logged-in', 'ok', 'ok'],
    ['crypto-user', 'not-logged-in', 'ok', 'not-permitted'],
    ['admin', 'not-logged-in', 'not-permitted', 'ok'],
  ] as const
  for (const [access, ...expected] of rows) {
    test(access, () => {
      const actors = [NOBODY, anActor('c'), anActor('a', 'admin')]
      assert.deepEqual(
        actors.map((actor) => codeOf(mayAsk(actor, access))),
        expected,
      )
    })
  }
})

suite('login', () => {
  const rows = [
    ['a good password', {}, 'ok'],
    ['a wrong password', { proven: false }, 'bad-credentials'],
    ['an unknown user', { user: undefined, proven: false }, 'bad-credentials'],
    ['a user without a password', { user: aUser({ password: undefined }) }, 'bad-credentials'],
    ['the wrong role', { role: 'admin' }, 'bad-credentials'],
    ['a password changed while it was checked', { provenVersion: 0 }, 'bad-credentials'],
    [
      'a locked user, even with the password',
      { user: aUser({ wrongPasswords: LIMITS.wrongPasswords + 1 }) },
      'user-locked',
    ],
    [
      'a cluster that is not active',
      { cluster: { ...cluster, state: 'INITIALIZED' } },
      'cluster-not-activated',
    ],
    ['too many sessions', { sessions: LIMITS.sessions }, 'too-many-sessions'],
    ['too many sessions of one user', { sessionsOfUser: LIMITS.sessionsPerUser }, 'too-many-sessions'],
  ] as const
  for (const [name, changes, code] of rows) {
    test(`${name}: ${code}`, () => assert.equal(codeOf(mayLogin(facts(changes))), code))
  }

  test('any sequence of tries: locked exactly after more than five wrong ones in a row', () => {
    fc.assert(
      fc.property(fc.array(fc.boolean(), { maxLength: 20 }), (tries) => {
        let user = aUser()
        let inARow = 0
        for (const proven of tries) {
          const decision = mayLogin(facts({ user, proven }))
          const locked = inARow > LIMITS.wrongPasswords
          assert.equal(codeOf(decision), locked ? 'user-locked' : proven ? 'ok' : 'bad-credentials')
          for (const write of decision.writes) if ('put' in write) user = write.put as UserRecord
          inARow = locked ? inARow : proven ? 0 : inARow + 1
          assert.equal(isLocked(user), inARow > LIMITS.wrongPasswords)
        }
      }),
    )
  })
})

suite('users', () => {
  const wanted = { username: 'owner', role: 'crypto-user' } as const
  const admin = anActor('a', 'admin')

  test('a new user needs a free name and a free place', () => {
    const full = { users: 1, keys: 1, asymmetricKeys: 1 }
    const make = (namesake: UserRecord | undefined, users: UserRecord[]) =>
      codeOf(mayCreateUser(wanted, { namesake, users }, full))
    assert.deepEqual(
      [make(undefined, []), make(aUser(), []), make(undefined, [aUser()])],
      ['ok', 'user-exists', 'user-capacity'],
    )
  })

  test('delete: the name and role must fit, no key owned, and no login open unless that is overruled', () => {
    const remove = (has: Partial<Parameters<typeof mayDeleteUser>[2]>, force = false) => {
      const held = { user: aUser(), loggedInOn: undefined, ownsKeys: false, ...has }
      return codeOf(mayDeleteUser(admin, { ...wanted, force }, held))
    }
    const cases = [
      {},
      { user: undefined },
      { user: aUser({ role: 'admin' }) },
      { loggedInOn: 'hsm-1' },
      { ownsKeys: true },
    ]
    assert.deepEqual(
      cases.map((has) => remove(has)),
      ['ok', 'user-not-found', 'user-not-found', 'user-logged-in', 'user-owns-keys'],
    )
    assert.deepEqual(
      cases.map((has) => remove(has, true)),
      ['ok', 'user-not-found', 'user-not-found', 'ok', 'user-owns-keys'],
    )
  })

  test('delete: not oneself, whatever is overruled, for somebody must be left to ask', () => {
    const self = aUser({ id: admin.id, username: wanted.username, role: 'admin' })
    for (const force of [false, true]) {
      const held = { user: self, loggedInOn: undefined, ownsKeys: false }
      assert.equal(codeOf(mayDeleteUser(admin, { ...wanted, role: 'admin', force }, held)), 'user-logged-in')
    }
  })

  test('logout: whose, by whom, and what it does', () => {
    const user = aUser({ wrongPasswords: 6 })
    const logout = (actor: Actor, has: UserRecord | undefined = user, role: Role = 'crypto-user') =>
      mayLogoutUser(actor, { ...wanted, role }, { user: has })
    const own = logout(anActor(OWNER))
    assert.ok(own.allow)
    const session = `session-of-${OWNER}`
    assert.deepEqual(own.result, { ...user, credentialVersion: 2, survivingSession: session })
    const byAdmin = logout(admin, { ...user, survivingSession: session })
    assert.ok(byAdmin.allow)
    assert.deepEqual(byAdmin.result, { ...user, credentialVersion: 2, survivingSession: undefined })
    assert.equal(codeOf(logout(anActor(SHARED))), 'not-permitted')
    assert.equal(codeOf(mayLogoutUser(anActor(SHARED), wanted, { user: undefined })), 'not-permitted')
    assert.equal(codeOf(mayLogoutUser(admin, wanted, { user: undefined })), 'user-not-found')
    assert.equal(codeOf(logout(admin, user, 'admin')), 'user-not-found')
  })

  test('change of password: whose, by whom, and what it does', () => {
    const user = aUser({ wrongPasswords: 6 })
    const to = { ...wanted, force: false }
    const own = mayChangePassword(anActor(OWNER), to, { user, loggedInOn: 'hsm-1' })
    assert.ok(own.allow)
    assert.deepEqual(own.result, {
      ...user,
      credentialVersion: 2,
      survivingSession: `session-of-${OWNER}`,
    })
    const byAdmin = mayChangePassword(admin, to, { user, loggedInOn: undefined })
    assert.ok(byAdmin.allow)
    assert.deepEqual(byAdmin.result, {
      ...user,
      credentialVersion: 2,
      survivingSession: undefined,
      wrongPasswords: 0,
    })
    assert.equal(codeOf(mayChangePassword(admin, to, { user, loggedInOn: 'hsm-1' })), 'user-logged-in')
    assert.equal(
      codeOf(mayChangePassword(admin, { ...to, force: true }, { user, loggedInOn: 'hsm-1' })),
      'ok',
    )
    assert.equal(
      codeOf(mayChangePassword(anActor(SHARED), to, { user, loggedInOn: undefined })),
      'not-permitted',
    )
    assert.equal(
      codeOf(mayChangePassword(anActor(SHARED), to, { user: undefined, loggedInOn: undefined })),
      'not-permitted',
    )
    assert.equal(
      codeOf(mayChangePassword(admin, to, { user: undefined, loggedInOn: undefined })),
      'user-not-found',
    )
    assert.equal(
      codeOf(mayChangePassword(admin, { ...to, role: 'admin' }, { user, loggedInOn: undefined })),
      'user-not-found',
    )
  })

  test('activation happens once', () => {
    const fresh = aUser({
      role: 'unactivated-admin',
      username: 'admin',
      password: undefined,
      credentialVersion: 0,
    })
    const before = { ...cluster, state: 'INITIALIZED' } as const
    const decision = mayActivate(before, fresh)
    assert.ok(decision.allow)
    const { admin: activated, cluster: active } = decision.result
    assert.deepEqual([activated.role, activated.credentialVersion], ['admin', 1])
    assert.deepEqual(active, { ...before, state: 'ACTIVE' })
    assert.equal(codeOf(mayActivate(active, fresh)), 'cluster-already-activated')
    assert.equal(codeOf(mayActivate(before, activated)), 'cluster-already-activated')
  })
})

test('no user has more sessions than are left, so four of them do not keep the fifth out', () => {
  const of = new Map<string, number>()
  let sessions = 0
  const opens = (who: string): boolean => {
    const sessionsOfUser = of.get(who) ?? 0
    if (!mayLogin(facts({ sessions, sessionsOfUser })).allow) return false
    of.set(who, sessionsOfUser + 1)
    sessions += 1
    return true
  }
  for (const who of ['a', 'b', 'c', 'd'])
    for (let tries = 0; tries <= LIMITS.sessions && opens(who); ) tries += 1
  assert.equal(of.get('a'), LIMITS.sessionsPerUser)
  assert.ok(sessions < LIMITS.sessions)
  for (const who of ['e', 'f', 'g']) assert.ok(opens(who))
})
