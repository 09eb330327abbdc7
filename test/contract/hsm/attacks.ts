/**
 * Attacks on the API itself, by users who own the keys and want their values: J. Clulow, "On the Security of PKCS #11"
 * (CHES 2003); M. Bortolozzo, M. Centenaro, R. Focardi and G. Steel, "Attacking and Fixing PKCS#11 Security Tokens"
 * (CCS 2010); R. Focardi and F. L. Luccio (CCS 2021).
 */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { fails } from '../../support/errors.ts'
import { KNOWN_ATTACKS } from '../../support/known-attacks.ts'
import { type Thief, thief } from '../../support/thief.ts'
import { createWorld, type World } from '../../support/world.ts'

/** What PKCS#11 leaves to the owner works until an admin applies the policy; what it forbids never does. */
export function attacksContract(open: () => Promise<Hsm>): void {
  suite('attacks that plain PKCS#11 allows', () => {
    let free: Thief
    let guarded: Thief
    before(async () => {
      free = thief(await createWorld(await open()))
      guarded = thief(await guardedWorld(open))
    })
    for (const { name, attack, refused } of KNOWN_ATTACKS) {
      test(`${name}: gets the value, and under the policy is refused`, async () => {
        const { key, value } = await attack(free)
        assert.ok(await free.isValueOf(key, value), 'the value is not that of the key')
        await assert.rejects(attack(guarded), fails(refused, /trusted/))
      })
    }
  })

  for (const [state, world] of [
    ['by default', async () => createWorld(await open())],
    ['under the policy', () => guardedWorld(open)],
  ] as const) {
    suite(`attacks that fail ${state}`, () => neverAllowed(world))
  }

  suite('keys from before the policy', () => fromBefore(async () => createWorld(await open())))
}

async function guardedWorld(open: () => Promise<Hsm>): Promise<World> {
  const world = await createWorld(await open())
  await world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
  return world
}

const OAEP = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' } as const

function neverAllowed(world: () => Promise<World>): void {
  let us: Thief
  before(async () => {
    us = thief(await world())
  })

  test('a user makes a key trusted', async () => {
    const refused = fails('attribute-refused')
    const key = await us.generate({ wrap: true })
    await assert.rejects(us.set(key, { trusted: true }), refused)
    await assert.rejects(us.generate({ wrap: true, trusted: true }), refused)
    await assert.rejects(us.bring(Buffer.alloc(32, 7), { trusted: true }), refused)
    await assert.rejects(us.copy(await us.generate({ encrypt: true }), { trusted: true }), refused)
    const under = await us.generate({ wrap: true, unwrap: true })
    await us.trust(under)
    const wrapped = await us.wrap(await us.generate({ encrypt: true }), under)
    await assert.rejects(us.unwrap(wrapped, under, { trusted: true }), refused)
  })

  test('a key is made less sensitive, or extractable again', async () => {
    const refused = fails('attribute-refused')
    const key = await us.generate({ extractable: false })
    await assert.rejects(us.set(key, { sensitive: false }), refused)
    await assert.rejects(us.set(key, { extractable: true }), refused)
    await assert.rejects(us.copy(key, { sensitive: false }), refused)
    await assert.rejects(us.copy(key, { extractable: true }), refused)
    await assert.rejects(us.show(key), fails('not-extractable'))
    const bound = await us.generate({ 'wrap-with-trusted': true })
    await assert.rejects(us.set(bound, { 'wrap-with-trusted': false }), refused)
    await assert.rejects(us.copy(bound, { 'wrap-with-trusted': false }), refused)
    await assert.rejects(us.show(bound), fails('value-sensitive'))
  })

  test('a key that insists on a trusted one leaves under a key of the attacker', async () => {
    const key = await us.generate({ 'wrap-with-trusted': true })
    const own = await us.generate({ wrap: true })
    await assert.rejects(us.wrap(key, own), fails('wrap-refused'))
  })

  test('a key comes in with attributes that the template of the unwrapping key forbids', async () => {
    const under = await us.generate({ wrap: true, unwrap: true })
    await us.trust(under)
    await us.set(under, { 'unwrap-template': { sensitive: true, decrypt: false } })
    const wrapped = await us.wrap(await us.generate({ encrypt: true }), under)
    for (const attributes of [{ sensitive: false }, { decrypt: true }]) {
      await assert.rejects(us.unwrap(wrapped, under, attributes), fails('template-conflict'))
    }
  })

  test('random bytes become a key', async () => {
    const under = await us.generate({ wrap: true, unwrap: true })
    const noise = Buffer.alloc(40, 0x5a)
    for (const mechanism of [
      { name: 'aes-no-pad' },
      { name: 'aes-pkcs5-pad' },
      { name: 'aes-zero-pad' },
      { name: 'cloudhsm-aes-gcm', 'tag-length-bits': 128 },
      { name: 'aes-gcm', iv: Buffer.alloc(12), 'tag-length-bits': 96 },
    ] as const) {
      await assert.rejects(us.unwrap(noise, under, {}, mechanism), fails('unwrap-failed'), mechanism.name)
    }
    const { priv } = await us.pair('rsa', { unwrap: true, extractable: false })
    for (const mechanism of [OAEP, { ...OAEP, name: 'rsa-aes' }] as const) {
      await assert.rejects(us.unwrap(Buffer.alloc(296, 0x5a), priv, {}, mechanism), fails('unwrap-failed'))
    }
  })
}

/** Nobody remembers what they were used for. */
function fromBefore(world: () => Promise<World>): void {
  const unhonoured = fails('wrap-refused', /^Under the policy/)

  test('a trusted key is not honoured, and an admin is told so', async () => {
    const us = thief(await world())
    const known = Buffer.alloc(32, 7)
    const old = await us.bring(known, { wrap: true, unwrap: true })
    await us.trust(old)
    const sound = await us.generate({ wrap: true, extractable: false, sign: false, verify: false })
    const payload = await us.generate({ 'wrap-with-trusted': true })
    await us.wrap(payload, old)
    const state = { policy: 'trusted-wrapping', applied: false, 'keys-not-honoured': [old] }
    assert.deepEqual(await us.world.as('admin', 'policy.show', {}), state)
    const applied = await us.world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
    assert.deepEqual(applied, { ...state, applied: true })
    await assert.rejects(us.wrap(payload, old), unhonoured)
    await assert.rejects(us.trust(sound), fails('attribute-refused', /since the policy was applied/))
    const made = await us.generate({ wrap: true })
    await us.trust(made)
    await us.wrap(payload, made)
  })

  test('a sensitive key leaves under a trusted one only, and comes in sensitive', async () => {
    const us = thief(await world())
    const under = await us.generate({ wrap: true, unwrap: true })
    const payload = await us.generate({ encrypt: true })
    const wrapped = await us.wrap(payload, under)
    await us.world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
    await assert.rejects(us.wrap(payload, under), unhonoured)
    await assert.rejects(us.unwrap(wrapped, under, { sensitive: false }), fails('attribute-refused'))
    await us.unwrap(wrapped, under, {})
    await assert.rejects(us.set(under, { decrypt: true }), fails('attribute-refused'))
    await assert.rejects(us.copy(payload, {}), fails('attribute-refused', /wrap-with-trusted=true$/))
    await us.copy(payload, { 'wrap-with-trusted': true })
  })

  test('a secret key derives no more, whatever it was used for', async () => {
    const us = thief(await world())
    const base = await us.generate({ derive: true, extractable: false })
    const mechanism = { name: 'counter-kdf', prf: 'aes-cmac', 'counter-bits': 32 } as const
    await us.derive(base, mechanism, {})
    await us.world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
    await assert.rejects(us.derive(base, mechanism, {}), fails('key-function', /made since$/))
    await us.derive(await us.generate({ derive: true }), mechanism, {})
  })

  test('a session key of then that becomes a token key is not honoured either', async () => {
    const us = thief(await world())
    const early = await us.generate({ wrap: true, extractable: false, sign: false, verify: false }, true)
    await us.world.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
    await us.set(early, { token: true })
    await assert.rejects(us.trust(early), fails('attribute-refused'))
  })

  test('only an admin applies the policy, again without effect, and the log has it', async () => {
    const { as } = await world()
    await assert.rejects(as('alice', 'policy.apply', { policy: 'trusted-wrapping' }), fails('not-permitted'))
    await assert.rejects(as('alice', 'policy.show', {}), fails('not-permitted'))
    const first = await as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
    assert.deepEqual(await as('admin', 'policy.apply', { policy: 'trusted-wrapping' }), first)
    const { entries } = await as('admin', 'audit.list', { count: 1000 })
    const logged = entries.filter(({ operation }) => operation === 'policy.apply')
    assert.deepEqual(
      logged.map(({ outcome, subjects }) => [outcome, ...subjects]),
      [['not-permitted'], ['ok', 'policy/trusted-wrapping'], ['ok', 'policy/trusted-wrapping']],
    )
  })
}
