import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { OperationName } from '../../../src/contract/operations.ts'
import { createWorld, makeAes, type World } from '../../support/world.ts'

/** Requests no honest client sends: each is refused in one short sentence, and nothing changes. */
export function badInputContract(open: () => Promise<Hsm>): void {
  let world: World
  before(async () => {
    world = await createWorld(await open())
    await makeAes(world, 'alice', 'the only key')
  })

  const list = (request: object) => ({ operation: 'key.list', request })
  const rows: readonly (readonly [string, { operation: string; request: unknown }, string, RegExp])[] = [
    ['no object', { operation: 'key.list', request: null }, 'invalid-request', /request/],
    ['an array', { operation: 'key.list', request: [] }, 'invalid-request', /./],
    ['a field too many', list({ filter: [], extra: 1 }), 'invalid-request', /extra/],
    ['a field missing', list({}), 'invalid-request', /filter/],
    ['a filter that is text', list({ filter: 'attr.label=x' }), 'invalid-request', /filter/],
    ['a term that is a number', list({ filter: [1] }), 'invalid-request', /filter/],
    [
      '10,000 terms',
      list({ filter: Array(10_000).fill('attr.label=x') }),
      'invalid-request',
      /filter: at most/,
    ],
    [
      'a term of 1 MB',
      list({ filter: [`attr.label=${'x'.repeat(700_000)}`] }),
      'invalid-request',
      /filter: a term/,
    ],
    [
      'a term without =',
      list({ filter: ['attr.label'] }),
      'invalid-filter',
      /^Invalid filter: attr\.label: it has no =/,
    ],
    [
      'a term without attr.',
      list({ filter: ['label=x'] }),
      'invalid-filter',
      /^Invalid filter: label=x: .*attr\.label/,
    ],
    [
      'an unknown attribute',
      list({ filter: ['attr.nope=1'] }),
      'invalid-filter',
      /^Invalid filter: attr\.nope=1: there is no/,
    ],
    ['an inherited attribute', list({ filter: ['attr.__proto__=1'] }), 'invalid-filter', /^Invalid filter/],
    [
      'a bad reference',
      list({ filter: ['key-reference=xyz'] }),
      'invalid-filter',
      /^Invalid filter: key-reference=xyz: a key/,
    ],
    [
      'a reference of 65 bits',
      list({ filter: ['key-reference=0x10000000000000000'] }),
      'invalid-filter',
      /./,
    ],
    ['a bad flag', list({ filter: ['attr.sign=yes'] }), 'invalid-filter', /./],
    ['a bad class', list({ filter: ['attr.class=key'] }), 'invalid-filter', /./],
    [
      'control characters',
      list({ filter: ['attr.nope=\u0000\u001b[31m'] }),
      'invalid-filter',
      /^[^\p{Cc}]*$/u,
    ],
    ['max-items 0', list({ filter: [], 'max-items': 0 }), 'invalid-request', /max-items must be at least 1/],
    ['max-items -1', list({ filter: [], 'max-items': -1 }), 'invalid-request', /max-items/],
    ['max-items 1e300', list({ filter: [], 'max-items': 1e300 }), 'invalid-request', /max-items/],
    ['max-items 1.5', list({ filter: [], 'max-items': 1.5 }), 'invalid-request', /max-items/],
    [
      'a long starting token',
      list({ filter: [], 'starting-token': '1'.repeat(1000) }),
      'invalid-request',
      /starting-token/,
    ],
    ['an unknown operation', { operation: 'key.explode', request: {} }, 'unknown-operation', /./],
    ['an inherited operation', { operation: 'toString', request: {} }, 'unknown-operation', /./],
    [
      'a label of 1 MB',
      {
        operation: 'key.generate-symmetric',
        request: { 'key-type': 'aes', 'key-length-bytes': 16, label: 'x'.repeat(700_000) },
      },
      'invalid-request',
      /label must be at most 127/,
    ],
    [
      'a label with NUL',
      {
        operation: 'key.generate-symmetric',
        request: { 'key-type': 'aes', 'key-length-bytes': 16, label: 'a\u0000' },
      },
      'invalid-request',
      /label must not contain control characters/,
    ],
    [
      'an unknown attribute to make a key with',
      {
        operation: 'key.generate-symmetric',
        request: { 'key-type': 'aes', 'key-length-bytes': 16, label: 'a', attributes: { nope: true } },
      },
      'invalid-request',
      /attributes\.nope/,
    ],
    [
      'an unknown kind of key',
      {
        operation: 'key.generate-symmetric',
        request: { 'key-type': 'des', 'key-length-bytes': 16, label: 'a' },
      },
      'invalid-request',
      /key-type/,
    ],
  ]

  suite('bad input', () => {
    for (const [name, { operation, request }, code, message] of rows) {
      test(name, async () => {
        const call = world.hsm.call(operation as OperationName, request as never, world.token('alice'))
        await assert.rejects(call, (error: HsmError) => {
          assert.ok(error instanceof HsmError)
          assert.equal(error.code, code, error.message)
          assert.match(error.message, message)
          assert.ok(error.message.length < 300, 'the message is short')
          return true
        })
      })
    }
    test('is not looked at before it is known who asks, and that they may', async () => {
      const requests = [{ nonsense: true }, { usernames: Array(1000).fill(1) }]
      for (const request of requests) {
        for (const operation of ['key.share-many', 'key.list', 'user.create', 'audit.list'] as const) {
          await assert.rejects(world.hsm.call(operation, request as never), { code: 'not-logged-in' })
          await assert.rejects(world.hsm.call(operation, request as never, 'x'.repeat(43)), {
            code: 'not-logged-in',
          })
        }
        for (const operation of ['user.create', 'audit.list'] as const) {
          await assert.rejects(world.hsm.call(operation, request as never, world.token('alice')), {
            code: 'not-permitted',
          })
        }
        await assert.rejects(world.hsm.call('session.login', request as never), { code: 'invalid-request' })
      }
    })
    test('has changed nothing', async () => {
      const { keys, users } = await world.hsm.call('cluster.status', {})
      assert.deepEqual([keys, users], [1, 5])
    })
  })
}
