/** Logins that outlive their session without the password. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { Request } from '../../../src/contract/operations.ts'
import { fails } from '../../support/errors.ts'
import { createWorld, PASSWORD, type World } from '../../support/world.ts'

type Wanted = Partial<Request<'session.login'>>

const ENDED = fails('not-logged-in', 'The login has ended, log in again')
const OTHER = 'another horse'

export function resumptionContract(open: () => Promise<Hsm>): void {
  suite('a login that is resumable', () => {
    let world: World
    before(async () => {
      world = await createWorld(await open())
    })
    const login = async (username = 'alice', wanted: Wanted = {}) => {
      const who = { username, role: 'crypto-user', password: PASSWORD } as const
      const { token, credential = '' } = await world.hsm.call('session.login', {
        ...who,
        resumable: true,
        ...wanted,
      })
      return { token, credential }
    }
    const resume = (credential: string) => world.hsm.call('session.resume', { credential })
    /** Crypto users may not end the logins of others: whether they are told so says that their session is open. */
    const isOpen = async (token: string) => {
      const logout = world.hsm.call('user.logout', { username: 'nobody', role: 'admin' }, token)
      return (await logout.catch((error: { code: string }) => error.code)) === 'not-permitted'
    }

    test('goes on in another session, which takes the place of the one before', async () => {
      const { token, credential } = await login()
      assert.match(credential, /^[\w-]{54}$/)
      const resumed = await resume(credential)
      assert.deepEqual([resumed.username, resumed.role], ['alice', 'crypto-user'])
      assert.notEqual(resumed.token, token)
      assert.equal(await isOpen(resumed.token), true)
      assert.equal(await isOpen(token), false)
    })

    test('again and again, with the same credential', async () => {
      const { credential } = await login()
      const first = await resume(credential)
      const second = await resume(credential)
      assert.equal(await isOpen(first.token), false)
      assert.equal(await isOpen(second.token), true)
    })

    test('is no login that did not ask for it', async () => {
      const reply = await world.hsm.call('session.login', {
        username: 'alice',
        role: 'crypto-user',
        password: PASSWORD,
      })
      assert.equal('credential' in reply, false)
      assert.deepEqual(await world.hsm.call('session.renew', {}, reply.token), {})
    })

    test('ends with the logout, of whichever session it has', async () => {
      const { token, credential } = await login()
      await world.hsm.call('session.logout', {}, token)
      await assert.rejects(resume(credential), ENDED)
      const another = await login()
      const { token: moved } = await resume(another.credential)
      await world.hsm.call('session.logout', {}, moved)
      await assert.rejects(resume(another.credential), ENDED)
    })

    test('stays when its session is left, and not logged out', async () => {
      const { token, credential } = await login()
      await world.hsm.call('session.logout', { resumable: true }, token)
      assert.equal(await isOpen(token), false)
      assert.equal(await isOpen((await resume(credential)).token), true)
    })

    test('ends with every login of its user', async () => {
      const { credential } = await login('bob')
      await world.as('admin', 'user.logout', { username: 'bob', role: 'crypto-user' })
      await assert.rejects(resume(credential), ENDED)
    })

    test('ends with the password that it was begun under', async () => {
      const { credential } = await login('bob')
      const account = { username: 'bob', role: 'crypto-user' } as const
      await world.as('admin', 'user.change-password', { ...account, password: OTHER, force: true })
      await assert.rejects(resume(credential), ENDED)
      await world.as('admin', 'user.change-password', { ...account, password: PASSWORD, force: true })
      await assert.rejects(resume(credential), ENDED)
    })

    test('ends with its user, also when there is another of that name', async () => {
      const dave = { username: 'dave', role: 'crypto-user' } as const
      await world.as('admin', 'user.create', { ...dave, password: PASSWORD })
      const { credential } = await login('dave')
      await world.as('admin', 'user.delete', { ...dave, force: true })
      await assert.rejects(resume(credential), ENDED)
      await world.as('admin', 'user.create', { ...dave, password: PASSWORD })
      await assert.rejects(resume(credential), ENDED)
    })

    test('outlives a change of password that its session makes itself, and nobody else of the user does', async () => {
      const own = await login('carol')
      const other = await login('carol')
      const account = { username: 'carol', role: 'crypto-user' } as const
      await world.hsm.call('user.change-password', { ...account, password: OTHER }, own.token)
      await assert.rejects(resume(other.credential), ENDED)
      const { token } = await resume(own.credential)
      assert.equal(await isOpen(token), true)
      await world.hsm.call('user.logout', account, token)
      assert.equal(await isOpen((await resume(own.credential)).token), true)
    })

    test('is renewed by its session for hours, and by no other', async () => {
      const { token, credential } = await login()
      const { 'resumable-seconds': short = 0 } = await world.hsm.call('session.renew', {}, token)
      assert.ok(short > 0 && short <= 900, 'no longer than it may be idle')
      const long = await login('alice', { 'idle-seconds': 86_400 })
      const { 'resumable-seconds': hours = 0 } = await world.hsm.call('session.renew', {}, long.token)
      assert.ok(hours > 7 * 3600 && hours <= 8 * 3600)
      const { token: moved } = await resume(credential)
      await assert.rejects(world.hsm.call('session.renew', {}, token), fails('not-logged-in'))
      assert.ok((await world.hsm.call('session.renew', {}, moved))['resumable-seconds'])
    })

    test('is not resumed by what is nearly its credential', async () => {
      const { credential } = await login()
      const other = await login('bob')
      const wrong = [
        '',
        'x',
        credential.slice(0, -1),
        `${credential}A`,
        `${credential}=`,
        ` ${credential}`,
        credential.slice(0, 11) + other.credential.slice(11),
        other.credential.slice(0, 11) + credential.slice(11),
        credential.slice(0, 11) + 'A'.repeat(43),
        'A'.repeat(54),
        credential.toUpperCase(),
        // The last letter has bits to spare: the next one of the alphabet decodes to the same bytes.
        credential.slice(0, -1) + String.fromCharCode(credential.charCodeAt(53) + 1),
      ]
      for (const text of wrong) await assert.rejects(resume(text), ENDED, text)
      await assert.rejects(resume('A'.repeat(129)), fails('invalid-request'))
      assert.ok((await resume(credential)).token)
    })
  })
}
