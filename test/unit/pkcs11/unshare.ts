/** Guarantee G through PKCS#11: once `key unshare` has returned, the next call of a running program is refused. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { bytes, mechanism, room, template, ulong } from '../../support/p11-client.ts'
import { byLabel, makePair } from '../../support/world.ts'
import { A, bench, C, M, type Way } from './fixture.ts'

/** To one who cannot see a key, its handle is no longer one. */
const GONE = [0x60, 0x82, 0x68, 0x101, 0x20]

/** @param way the client that bob's program has */
export function unshareTests(way: Way): void {
  suite('after unshare', () => {
    const shared = bench({}, { transport: way.transport })
    let made = 0

    /** A key of alice's that bob has begun to sign with. */
    async function signing() {
      made += 1
      const label = `shared-${made}`
      await makePair(shared.world, 'alice', { label, share: ['bob'] })
      const program = await way.program(shared)
      const session = await program.login('bob')
      const [key] = await program.find(session, template([A.LABEL, label]))
      const s = ulong(session)
      const begin = () => program.refusal(C.SignInit, s, mechanism(M.ECDSA_SHA256), ulong(key ?? 0))
      assert.equal(await begin(), 0)
      const unshare = () =>
        shared.world.as('alice', 'key.unshare', {
          filter: byLabel(label),
          usernames: ['bob'],
          role: 'crypto-user',
        })
      const share = () =>
        shared.world.as('alice', 'key.share', {
          filter: byLabel(label),
          usernames: ['bob'],
          role: 'crypto-user',
        })
      return { program, s, begin, unshare, share, label, session }
    }
    const refused = (value: number, what: string) => assert.notEqual(value, 0, what)

    test('between C_SignInit and C_Sign', async () => {
      const { program, s, begin, unshare } = await signing()
      await unshare()
      refused(await program.refusal(C.Sign, s, bytes('x'), room(64)), 'C_Sign')
      assert.ok(GONE.includes(await begin()), 'C_SignInit')
    })

    test('in the middle of a message', async () => {
      const { program, s, unshare } = await signing()
      await program.call(C.SignUpdate, s, bytes('the first part'))
      await unshare()
      refused(await program.refusal(C.SignUpdate, s, bytes('the second')), 'C_SignUpdate')
      refused(await program.refusal(C.SignFinal, s, room(64)), 'C_SignFinal')
    })

    test('before the last step', async () => {
      const { program, s, unshare } = await signing()
      await program.call(C.SignUpdate, s, bytes('all of it'))
      await unshare()
      refused(await program.refusal(C.SignFinal, s, room(64)), 'C_SignFinal')
    })

    test('a right that was taken and given again does not revive what had begun', async () => {
      const { program, s, begin, unshare, share } = await signing()
      await program.call(C.SignUpdate, s, bytes('all of it'))
      await unshare()
      await share()
      refused(await program.refusal(C.SignFinal, s, room(64)), 'C_SignFinal')
      assert.equal(await begin(), 0)
      assert.equal((await program.call(C.Sign, s, bytes('x'), room(64))).length, 64)
    })

    test('the key is not found any more', async () => {
      const { program, session, unshare, label } = await signing()
      await unshare()
      assert.deepEqual(await program.find(session, template([A.LABEL, label])), [])
    })
  })
}
