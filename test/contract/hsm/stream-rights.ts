import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { Cipher } from '../../../src/contract/mechanisms.ts'
import { bringSecret } from '../../support/crypto-keys.ts'
import { fails } from '../../support/errors.ts'
import { messageParts, type Parts, signing } from '../../support/message-parts.ts'
import { base64, createWorld, ECDSA, makePair, PASSWORD, reference, type World } from '../../support/world.ts'

/** What is under way in several steps is under guarantee G at each of them. */
export function streamRightsContract(open: () => Promise<Hsm>): void {
  let world: World
  let parts: Parts
  before(async () => {
    world = await createWorld(await open())
    parts = messageParts(world)
  })

  suite('a stream ends with the right to its key', () => {
    const share = (key: string, verb: 'key.share' | 'key.unshare') =>
      world.as('alice', verb, { filter: reference(key), usernames: ['bob'], role: 'crypto-user' })
    const bobs = async (key: string) => {
      const { stream } = await parts.begin(signing(key, ECDSA), world.token('bob'))
      await parts.update(stream, base64('first'), world.token('bob'))
      return stream
    }

    test('unshared: at the next step, though it is shared again', async () => {
      const { priv, pub } = await makePair(world, 'alice', { label: 'unshared', share: ['bob'] })
      const bob = world.token('bob')
      const [updated, finished, cancelled] = [await bobs(priv), await bobs(priv), await bobs(priv)]
      const mine = await parts.begin(signing(priv, ECDSA))
      const verifying = await parts.begin(
        { filter: reference(pub), purpose: 'verify', mechanism: ECDSA },
        bob,
      )
      await share(priv, 'key.unshare')
      await share(priv, 'key.share')
      await assert.rejects(parts.update(updated, base64('next'), bob), fails('revoked'))
      await assert.rejects(parts.finish(updated, {}, bob), fails('stream-not-found'))
      await assert.rejects(parts.finish(finished, {}, bob), fails('revoked'))
      await parts.cancel(cancelled, bob)
      // Those of others go on, and so do those with the public key.
      assert.ok((await parts.finish(mine.stream)).data)
      assert.deepEqual(await parts.finish(verifying.stream, { signature: 'AAAA' }, bob), { verified: false })
    })

    test('encrypting and decrypting alike', async () => {
      const { key } = await bringSecret(world, 'alice', 'aes')
      await share(key, 'key.share')
      const bob = world.token('bob')
      const ctr: Cipher = {
        name: 'aes-ctr',
        'counter-block': Buffer.alloc(16),
        'counter-bits': 64,
      }
      const opened = await Promise.all(
        (['encrypt', 'decrypt'] as const).map((purpose) =>
          parts.begin({ filter: reference(key), purpose, cipher: ctr }, bob),
        ),
      )
      for (const { stream } of opened) assert.equal((await parts.update(stream, 'AAAA', bob)).data?.length, 3)
      await share(key, 'key.unshare')
      for (const { stream } of opened)
        await assert.rejects(parts.update(stream, 'AAAA', bob), fails('revoked'))
    })

    test('the key is deleted, or may not be used like that any more', async () => {
      const deleted = await makePair(world, 'alice', { label: 'deleted' })
      const inSession = await makePair(world, 'alice', { label: 'of the session', session: true })
      const mute = await makePair(world, 'alice', { label: 'mute' })
      const begun = await Promise.all(
        [deleted, inSession, mute].map(({ priv }) => parts.begin(signing(priv, ECDSA))),
      )
      for (const { priv } of [deleted, inSession])
        await world.as('alice', 'key.delete', { filter: reference(priv) })
      await world.as('alice', 'key.set-attribute', {
        filter: reference(mute.priv),
        attributes: { sign: false },
      })
      for (const { stream } of begun) await assert.rejects(parts.update(stream, ''), fails('revoked'))
    })

    test('the login ends, or the password is another', async () => {
      const { priv } = await makePair(world, 'alice', { label: 'logins', share: ['carol'] })
      const token = await world.login('alice')
      const left = await parts.begin(signing(priv, ECDSA), token)
      await world.hsm.call('session.logout', {}, token)
      await assert.rejects(parts.update(left.stream, '', token), fails('not-logged-in'))
      await assert.rejects(parts.update(left.stream, ''), fails('stream-not-found'))

      const [old, changing] = [await world.login('carol'), await world.login('carol')]
      const [ended, kept] = [
        await parts.begin(signing(priv, ECDSA), old),
        await parts.begin(signing(priv, ECDSA), changing),
      ]
      const request = { username: 'carol', role: 'crypto-user', password: `${PASSWORD} 2` } as const
      await world.hsm.call('user.change-password', request, changing)
      await assert.rejects(parts.finish(ended.stream, {}, old), fails('not-logged-in'))
      assert.ok((await parts.finish(kept.stream, {}, changing)).data)
    })
  })
}
