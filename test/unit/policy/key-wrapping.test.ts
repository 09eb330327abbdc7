import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { KEY_CLASSES, KEY_TYPES } from '../../../src/contract/attributes.ts'
import { WRAPPING_KEY_TYPE, type Wrapping, type WrappingName } from '../../../src/contract/mechanisms.ts'
import type { Decision } from '../../../src/policy/decision.ts'
import { mayUnwrapWith, mayWrapKey, mayWrapWith, withTemplate } from '../../../src/policy/key-wrapping.ts'
import { aKey, anActor, HERE, OWNER, PEOPLE, SHARED } from '../../support/records.ts'

const short = { ...HERE, check: true }
const code = (decision: Decision<unknown>) => (decision.allow ? 'allowed' : decision.code)
const mechanisms = (Object.keys(WRAPPING_KEY_TYPE) as WrappingName[]).map((name) => ({ name }) as Wrapping)
const on = [true, false]

suite('which key wraps and unwraps for whom', () => {
  for (const { who, id, role, holds } of PEOPLE) {
    test(who, () => {
      const actor = anActor(id, role)
      for (const mechanism of mechanisms) {
        const type = WRAPPING_KEY_TYPE[mechanism.name]
        for (const keyType of KEY_TYPES) {
          for (const keyClass of KEY_CLASSES) {
            for (const flag of on) {
              const key = aKey({ keyType, keyClass, flags: { wrap: flag, unwrap: flag } })
              const half = (rsa: string) =>
                keyType === type && keyClass === (type === 'aes' ? 'secret-key' : rsa)
              const about = `${mechanism.name} ${keyType} ${keyClass} ${flag}`
              assert.equal(
                mayWrapWith(actor, key, mechanism, HERE).allow,
                half('public-key') && flag && (type === 'rsa' ? role === 'crypto-user' : holds),
                `wrap ${about}`,
              )
              assert.equal(
                mayUnwrapWith(actor, key, mechanism, HERE).allow,
                half('private-key') && flag && holds,
                `unwrap ${about}`,
              )
            }
          }
        }
      }
    })
  }

  test('with the availability check on, it has to be on two HSMs', () => {
    const key = aKey({ keyType: 'aes', keyClass: 'secret-key', flags: { wrap: true, unwrap: true } })
    const mechanism: Wrapping = { name: 'aes-no-pad' }
    assert.equal(code(mayWrapWith(anActor(OWNER), key, mechanism, short)), 'key-availability')
    assert.equal(code(mayUnwrapWith(anActor(OWNER), key, mechanism, short)), 'key-availability')
    assert.equal(code(mayWrapKey(anActor(OWNER), key, key, short)), 'key-availability')
  })
})

suite('which key leaves for whom', () => {
  for (const { who, id, role, owns } of PEOPLE) {
    test(who, () => {
      for (const keyType of KEY_TYPES) {
        for (const keyClass of KEY_CLASSES) {
          for (const extractable of on) {
            for (const insists of on) {
              for (const trusted of on) {
                const payload = aKey({
                  keyType,
                  keyClass,
                  flags: { extractable, 'wrap-with-trusted': insists },
                })
                const wrapping = aKey({ flags: { trusted } })
                const may = mayWrapKey(anActor(id, role), payload, wrapping, HERE)
                const kind = keyClass !== 'public-key' && keyType !== 'ml-dsa'
                const about = `${keyType} ${keyClass} ${extractable} ${insists} ${trusted}`
                assert.equal(may.allow, owns && kind && extractable && (!insists || trusted), about)
              }
            }
          }
        }
      }
    })
  }

  test('each refusal says what it is about', () => {
    const wrapping = aKey({ wrapTemplate: { sign: false, extractable: true } })
    const mine = (flags: Parameters<typeof aKey>[0]) =>
      code(mayWrapKey(anActor(OWNER), aKey(flags), wrapping, HERE))
    assert.equal(mine({ keyClass: 'public-key' }), 'wrap-refused')
    assert.equal(mine({ flags: { extractable: false } }), 'not-extractable')
    assert.equal(mine({ flags: { 'wrap-with-trusted': true } }), 'wrap-refused')
    assert.equal(mine({ flags: { sign: true } }), 'wrap-refused', 'the template')
    assert.equal(mine({ flags: { sign: false } }), 'allowed')
    assert.equal(code(mayWrapKey(anActor(SHARED), aKey(), aKey(), HERE)), 'not-owner')
  })
})

suite('the template of an unwrapping key', () => {
  test('is added to what was asked for', () => {
    const decision = withTemplate({ id: '0x01', sign: true }, { extractable: false, sign: true })
    assert.deepEqual(decision.allow && decision.result, { id: '0x01', sign: true, extractable: false })
    const without = withTemplate({ wrap: true }, undefined)
    assert.deepEqual(without.allow && without.result, { wrap: true })
  })

  test('must not be contradicted', () => {
    for (const value of on) {
      assert.equal(code(withTemplate({ extractable: value }, { extractable: !value })), 'template-conflict')
    }
  })
})
