/** Which keys each mechanism takes, written down a second time. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KEY_KINDS } from '../../../src/contract/key-kinds.ts'
import { CIPHERS, SIGNING, WRAPPINGS } from '../../../src/contract/mechanisms.ts'

const kinds = (table: Readonly<Record<string, { readonly keys: string }>>) =>
  Object.fromEntries(Object.entries(table).map(([name, { keys }]) => [name, keys]))

test('each mechanism takes one kind of keys', () => {
  assert.deepEqual(kinds(SIGNING), {
    ecdsa: 'ec',
    'ecdsa-prehashed': 'ec',
    'rsa-pkcs': 'rsa',
    'rsa-pkcs-pss': 'rsa',
    'rsa-pkcs-unhashed': 'rsa',
    'rsa-x509': 'rsa',
    ed25519: 'edwards',
    ed25519ph: 'edwards',
    'ml-dsa': 'ml-dsa',
    hmac: 'generic-secret',
    'aes-cmac': 'aes',
  })
  assert.deepEqual(kinds(CIPHERS), {
    'aes-ecb': 'aes',
    'aes-cbc': 'aes',
    'aes-cbc-pad': 'aes',
    'aes-ctr': 'aes',
    'aes-gcm': 'aes',
    'cloudhsm-aes-gcm': 'aes',
    'des3-ecb': 'des3',
    'des3-cbc': 'des3',
    'des3-cbc-pad': 'des3',
    'rsa-pkcs': 'rsa',
    'rsa-oaep': 'rsa',
    'rsa-x509': 'rsa',
  })
  assert.deepEqual(kinds(WRAPPINGS), {
    'aes-gcm': 'aes',
    'cloudhsm-aes-gcm': 'aes',
    'aes-no-pad': 'aes',
    'aes-pkcs5-pad': 'aes',
    'aes-zero-pad': 'aes',
    'rsa-aes': 'rsa',
    'rsa-oaep': 'rsa',
    'rsa-pkcs': 'rsa',
  })
})

test('each kind of keys has a type, and is secret or a pair', () => {
  const facts = Object.entries(KEY_KINDS).map(([kind, { keyType, secret }]) => [kind, keyType, secret])
  assert.deepEqual(facts, [
    ['aes', 'aes', true],
    ['generic-secret', 'generic-secret', true],
    ['des3', 'des3', true],
    ['rsa', 'rsa', false],
    ['ec', 'ec', false],
    ['edwards', 'ec', false],
    ['ml-dsa', 'ml-dsa', false],
  ])
})
