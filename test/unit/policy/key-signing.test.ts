import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import type { Curve } from '../../../src/contract/algorithms.ts'
import { KEY_CLASSES } from '../../../src/contract/attributes.ts'
import type { Mechanism } from '../../../src/contract/mechanisms.ts'
import { fromHex } from '../../../src/model/octets.ts'
import { mayDeleteKey } from '../../../src/policy/key-deletion.ts'
import { mayExportPublic, mayExportReference } from '../../../src/policy/key-export.ts'
import { maySign, mayVerify } from '../../../src/policy/key-signing.ts'
import { sees } from '../../../src/policy/key-visibility.ts'
import { aKey, anActor, HERE, OWNER, PEOPLE } from '../../support/records.ts'

const rsa: Mechanism = { name: 'rsa-pkcs', hash: 'sha256', input: 'raw' }
const ecdsa: Mechanism = { name: 'ecdsa', hash: 'sha256', input: 'raw' }

suite('who may do what with which key', () => {
  for (const { who, id, role, holds } of PEOPLE) {
    for (const keyClass of KEY_CLASSES) {
      for (const on of [true, false]) {
        const actor = anActor(id, role)
        const key = aKey({ keyClass, flags: { sign: on, verify: on, destroyable: on } })
        const cryptoUser = role === 'crypto-user'
        test(`${who}, ${keyClass}, flags ${on}`, () => {
          assert.equal(
            maySign({ actor, key, circumstances: HERE }, { mechanism: rsa }).allow,
            holds && on && keyClass === 'private-key',
            'sign',
          )
          assert.equal(
            mayVerify({ actor, key, circumstances: HERE }, { mechanism: rsa }).allow,
            cryptoUser && on && keyClass === 'public-key',
            'verify',
          )
          assert.equal(
            mayExportPublic({ actor, key }).allow,
            cryptoUser && keyClass === 'public-key',
            'export',
          )
          assert.equal(
            mayExportReference({ actor, key }, { encoding: 'reference-pem' }).allow,
            holds && keyClass === 'private-key',
            'refer to',
          )
          assert.equal(mayDeleteKey({ actor, key }).allow, id === OWNER && cryptoUser && on, 'delete')
          assert.equal(sees(actor, key), role === 'admin' || holds || keyClass === 'public-key', 'see')
        })
      }
    }
  }
})

test('nobody sees nothing', () => {
  assert.equal(sees(anActor('', 'nobody'), aKey({ keyClass: 'public-key', owner: '' })), false)
})

test('the mechanism must fit the type of the key', () => {
  const key = aKey({ flags: { sign: true } })
  const decision = maySign({ actor: anActor(OWNER), key, circumstances: HERE }, { mechanism: ecdsa })
  assert.equal(!decision.allow && decision.code, 'key-type')
  assert.ok(
    maySign(
      { actor: anActor(OWNER), key: { ...key, keyType: 'ec' }, circumstances: HERE },
      { mechanism: ecdsa },
    ).allow,
  )
})

test('each type of private key has one encoding of references', () => {
  const ec = (curve: Curve) => ({ keyType: 'ec', ec: { ecPoint: fromHex('0x'), curve } }) as const
  for (const [encoding, other, key] of [
    ['reference-pem', 'cloudhsm-reference-pem', { keyType: 'rsa' }],
    ['reference-pem', 'cloudhsm-reference-pem', ec('secp256r1')],
    ['cloudhsm-reference-pem', 'reference-pem', ec('ed25519')],
    ['cloudhsm-reference-pem', 'reference-pem', { keyType: 'ml-dsa' }],
  ] as const) {
    assert.ok(mayExportReference({ actor: anActor(OWNER), key: aKey(key) }, { encoding }).allow)
    const decision = mayExportReference({ actor: anActor(OWNER), key: aKey(key) }, { encoding: other })
    assert.ok(!decision.allow)
    assert.equal(decision.why, `A reference to this key has the encoding ${encoding}, not ${other}`)
  }
})

test('with the availability check on, a token key needs two HSMs and a session key does not', () => {
  const token = aKey({ flags: { sign: true } })
  const session = aKey({ flags: { sign: true, token: false } })
  const decision = maySign(
    { actor: anActor(OWNER), key: token, circumstances: { ...HERE, check: true, liveHsms: 1 } },
    { mechanism: rsa },
  )
  assert.equal(!decision.allow && decision.code, 'key-availability')
  assert.ok(
    maySign(
      { actor: anActor(OWNER), key: token, circumstances: { ...HERE, check: true, liveHsms: 2 } },
      { mechanism: rsa },
    ).allow,
  )
  assert.ok(
    maySign(
      { actor: anActor(OWNER), key: session, circumstances: { ...HERE, check: true, liveHsms: 1 } },
      { mechanism: rsa },
    ).allow,
  )
})
