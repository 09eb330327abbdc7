/** How a request ended, as an event of the journals has it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CallSource } from '../../../src/contract/call-source.ts'
import { eventOf } from '../../../src/engine/journal/outcome.ts'

const actor = { id: 'u-1', username: 'alice', role: 'crypto-user', session: '0123456789abcdef' } as const
const about = { operation: 'crypto.sign', code: 'ok', subjects: ['key/0x1', 'key/0x1'] } as const

test('an event says from where a request came, whatever is known of that', () => {
  const sources: readonly (readonly [CallSource, string])[] = [
    [{ kind: 'https', address: '192.0.2.7' }, 'https 192.0.2.7'],
    [{ kind: 'pkcs11', pid: 4711, uid: 0 }, 'pkcs11 pid 4711 uid 0'],
    [{ kind: 'pkcs11', pid: undefined, uid: undefined }, 'pkcs11 pid - uid -'],
    [{ kind: 'local' }, 'local'],
  ]
  for (const [source, text] of sources)
    assert.equal(eventOf({ ...about, call: { actor, session: undefined, source } }, 1).source, text)
})

test('an event has what there is to say, once, and nothing else', () => {
  const call = { actor, session: undefined, source: { kind: 'local' } } as const
  const least = {
    ...{ at: 7, actor: 'alice', operation: 'crypto.sign', outcome: 'ok', subjects: ['key/0x1'] },
    ...{ role: 'crypto-user', session: '0123456789abcdef', source: 'local' },
  }
  assert.deepEqual(eventOf({ ...about, call, count: 1 }, 7), least)
  const more = { mechanism: 'ecdsa', count: 2, userRole: 'admin' }
  assert.deepEqual(eventOf({ ...about, call, ...more }, 7), { ...least, ...more })
})
