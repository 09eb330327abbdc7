import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { createCatalog } from '../../../src/catalog/memory-catalog.ts'
import { createSessions, type Sessions } from '../../../src/session/sessions.ts'

function start() {
  const ended: string[] = []
  const clock = { ms: 0 }
  const sessions = createSessions({ monotonic: () => clock.ms, random: randomBytes })
  sessions.onEnd(({ user }) => ended.push(user))
  const open = (user: string, idleMs = 1000) =>
    sessions.open({
      id: sessions.newId(),
      login: undefined,
      user,
      credentialVersion: 1,
      availabilityCheck: undefined,
      weakHashes: false,
      idleMs,
      keys: createCatalog(),
    })
  return { sessions, clock, ended, open }
}

/** The session of a token, which is used by that. */
function standing(sessions: Sessions, token: string) {
  const session = sessions.find(token)
  return session && sessions.touch(session) ? session : undefined
}

test('a session ends when it is not used for longer than it asked for', () => {
  const { sessions, clock, ended, open } = start()
  const token = open('u')
  clock.ms = 1000
  assert.equal(standing(sessions, token)?.user, 'u')
  clock.ms = 2000
  assert.equal(standing(sessions, token)?.user, 'u', 'using it kept it open')
  clock.ms = 3001
  assert.equal(standing(sessions, token), undefined)
  assert.deepEqual(ended, ['u'])
})

test('idle sessions are not counted', () => {
  const { sessions, clock, ended, open } = start()
  open('u', 10)
  open('u', 1000)
  clock.ms = 500
  assert.equal(sessions.countOf('u'), 1)
  assert.equal(sessions.count(), 1)
  assert.deepEqual(ended, ['u'])
})

test('a session is known by its token alone, and tokens are not alike', () => {
  const { sessions, open } = start()
  const tokens = new Set(Array.from({ length: 100 }, () => open('u')))
  assert.equal(tokens.size, 100)
  for (const token of tokens) assert.match(token, /^[\w-]{43}$/)
  const [token = ''] = tokens
  const session = standing(sessions, token)
  assert.equal(standing(sessions, session?.id ?? ''), undefined)
  sessions.end(session?.id ?? '')
  assert.equal(session?.open, false)
  assert.equal(standing(sessions, token), undefined)
})
