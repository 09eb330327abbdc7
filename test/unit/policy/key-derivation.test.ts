import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { KEY_CLASSES, KEY_TYPES } from '../../../src/contract/attributes.ts'
import type { Derivation } from '../../../src/contract/mechanisms.ts'
import { fromHex } from '../../../src/model/octets.ts'
import type { KeyRecord } from '../../../src/model/records.ts'
import type { Actor } from '../../../src/policy/actor.ts'
import type { Decision } from '../../../src/policy/decision.ts'
import { mayDerive } from '../../../src/policy/key-derivation.ts'
import { aCluster, aKey, anActor, HERE, OWNER, PEOPLE } from '../../support/records.ts'

const code = (decision: Decision<unknown>) => (decision.allow ? 'allowed' : decision.code)
const counterKdf = (prf: 'hmac-sha1' | 'hmac-sha512' | 'aes-cmac'): Derivation => ({
  name: 'counter-kdf',
  prf,
  'counter-bits': 16,
})
const ECDH: Derivation = { name: 'ecdh', kdf: 'none', 'public-point': Buffer.alloc(0) }

/** Class, type and curve of the keys that each derives from. */
const BASES = [
  [ECDH, ['private-key ec secp256r1']],
  [counterKdf('hmac-sha1'), ['secret-key aes', 'secret-key generic-secret']],
  [counterKdf('hmac-sha512'), ['secret-key aes', 'secret-key generic-secret']],
  [counterKdf('aes-cmac'), ['secret-key aes']],
] as const

const CURVES = ['secp256r1', 'ed25519'] as const
const ec = (curve: (typeof CURVES)[number]) => ({ ecPoint: fromHex('0x'), curve })
const may = (actor: Actor, key: KeyRecord, mechanism: Derivation, changes: object = {}) =>
  code(mayDerive({ actor, key, cluster: aCluster(), circumstances: HERE, ...changes }, { mechanism }))

suite('which key derives for whom', () => {
  for (const { who, id, role, owns } of PEOPLE) {
    test(who, () => {
      for (const [mechanism, bases] of BASES) {
        for (const keyType of KEY_TYPES) {
          for (const keyClass of KEY_CLASSES) {
            for (const curve of CURVES) {
              for (const derive of [true, false]) {
                const key = aKey({
                  keyType,
                  keyClass,
                  ec: keyType === 'ec' ? ec(curve) : undefined,
                  flags: { derive },
                })
                const what = [keyClass, keyType, ...(keyType === 'ec' ? [curve] : [])].join(' ')
                const isBase = (bases as readonly string[]).includes(what)
                const expected = !isBase
                  ? 'key-type'
                  : !owns
                    ? 'not-owner'
                    : derive
                      ? 'allowed'
                      : 'key-function'
                assert.equal(may(anActor(id, role), key, mechanism), expected, `${what} ${derive}`)
              }
            }
          }
        }
      }
    })
  }

  test('with the availability check on, it has to be on two HSMs', () => {
    const key = aKey({ keyType: 'ec', ec: ec('secp256r1'), flags: { derive: true } })
    const circumstances = { ...HERE, check: true }
    assert.equal(may(anActor(OWNER), key, ECDH, { circumstances }), 'key-availability')
  })
})

suite('under the policy trusted-wrapping', () => {
  const cluster = aCluster({ trustedWrapping: true })
  const old = { flags: { derive: true }, madeUnderPolicy: false } as const

  test('a secret key derives that was made since', () => {
    const secret = { keyClass: 'secret-key', keyType: 'aes' } as const
    const mechanism = counterKdf('aes-cmac')
    for (const madeUnderPolicy of [true, false]) {
      const key = aKey({ ...old, ...secret, madeUnderPolicy })
      const expected = madeUnderPolicy ? 'allowed' : 'key-function'
      assert.equal(may(anActor(OWNER), key, mechanism, { cluster }), expected)
      assert.equal(may(anActor(OWNER), key, mechanism), 'allowed')
    }
  })

  test('a private key derives whenever it was made: no other use tells what is derived', () => {
    const key = aKey({ ...old, keyType: 'ec', ec: ec('secp256r1') })
    assert.equal(may(anActor(OWNER), key, ECDH, { cluster }), 'allowed')
  })
})
