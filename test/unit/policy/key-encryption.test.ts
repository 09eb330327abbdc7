import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { KEY_CLASSES } from '../../../src/contract/attributes.ts'
import type { Cipher } from '../../../src/contract/mechanisms.ts'
import type { StreamUse } from '../../../src/contract/streams.ts'
import { mayDecrypt, mayEncrypt } from '../../../src/policy/key-encryption.ts'
import { maySign, mayVerify } from '../../../src/policy/key-signing.ts'
import { mayStream } from '../../../src/policy/key-stream.ts'
import { aKey, anActor, HERE, OWNER, PEOPLE } from '../../support/records.ts'

const rsa: Cipher = { name: 'rsa-pkcs' }
const ecb: Cipher = { name: 'aes-ecb' }
const signature = { name: 'rsa-pkcs', hash: 'sha256', input: 'raw' } as const

suite('who encrypts and decrypts with which key', () => {
  for (const { who, id, role, holds } of PEOPLE) {
    for (const keyClass of KEY_CLASSES) {
      for (const [encrypt, decrypt] of [
        [true, false],
        [false, true],
        [false, false],
      ] as const) {
        test(`${who}, ${keyClass}, encrypt ${encrypt}, decrypt ${decrypt}`, () => {
          const actor = anActor(id, role)
          const secret = keyClass === 'secret-key'
          const key = aKey({ keyClass, keyType: secret ? 'aes' : 'rsa', flags: { encrypt, decrypt } })
          const cipher = secret ? ecb : rsa
          const open = keyClass === 'public-key' && role === 'crypto-user'
          assert.equal(
            mayEncrypt({ actor, key, circumstances: HERE }, { cipher }).allow,
            encrypt && (open || (secret && holds)),
            'encrypt',
          )
          assert.equal(
            mayDecrypt({ actor, key, circumstances: HERE }, { cipher }).allow,
            decrypt && holds && keyClass !== 'public-key',
            'decrypt',
          )
        })
      }
    }
  }
})

test('the cipher must fit the type of the key', () => {
  const keys = {
    aes: aKey({ keyClass: 'secret-key', keyType: 'aes', flags: { encrypt: true } }),
    des3: aKey({ keyClass: 'secret-key', keyType: 'des3', flags: { encrypt: true } }),
    secret: aKey({ keyClass: 'secret-key', keyType: 'generic-secret', flags: { encrypt: true } }),
    rsa: aKey({ keyClass: 'public-key', flags: { encrypt: true } }),
    ec: aKey({ keyClass: 'public-key', keyType: 'ec', flags: { encrypt: true } }),
  }
  const fitting = { 'aes-ecb': 'aes', 'des3-ecb': 'des3', 'rsa-pkcs': 'rsa' } as const
  for (const [name, fits] of Object.entries(fitting)) {
    for (const [type, key] of Object.entries(keys)) {
      const decision = mayEncrypt(
        { actor: anActor(OWNER), key, circumstances: HERE },
        { cipher: { name } as Cipher },
      )
      assert.equal(decision.allow, type === fits, `${name} with ${type}`)
      if (!decision.allow) assert.equal(decision.code, 'key-type')
    }
  }
})

test('with the availability check on, a token key needs two HSMs', () => {
  const key = aKey({ flags: { decrypt: true } })
  const decision = mayDecrypt(
    { actor: anActor(OWNER), key, circumstances: { ...HERE, check: true, liveHsms: 1 } },
    { cipher: rsa },
  )
  assert.equal(!decision.allow && decision.code, 'key-availability')
  assert.ok(
    mayDecrypt(
      { actor: anActor(OWNER), key, circumstances: { ...HERE, check: true, liveHsms: 2 } },
      { cipher: rsa },
    ).allow,
  )
})

test('a message in parts is allowed to whom one in a single piece is', () => {
  const rules = { sign: maySign, verify: mayVerify }
  for (const { id, role } of PEOPLE) {
    for (const keyClass of KEY_CLASSES) {
      const actor = anActor(id, role)
      const flags = { sign: true, verify: true, encrypt: true, decrypt: true }
      const key = aKey({ keyClass, flags })
      const streamed = (start: StreamUse) => mayStream({ actor, key, circumstances: HERE }, start)
      for (const purpose of ['sign', 'verify'] as const) {
        assert.deepEqual(
          streamed({ purpose, mechanism: signature }),
          rules[purpose]({ actor, key, circumstances: HERE }, { mechanism: signature }),
        )
      }
      assert.deepEqual(
        streamed({ purpose: 'encrypt', cipher: rsa }),
        mayEncrypt({ actor, key, circumstances: HERE }, { cipher: rsa }),
      )
      assert.deepEqual(
        streamed({ purpose: 'decrypt', cipher: rsa }),
        mayDecrypt({ actor, key, circumstances: HERE }, { cipher: rsa }),
      )
    }
  }
})
