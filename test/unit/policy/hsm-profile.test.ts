/** What a mode and a type of HSM forbid, each table of the reference written down a second time. */

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Curve, HASH_NAMES, type Hash, type WeierstrassCurve } from '../../../src/contract/algorithms.ts'
import { FLAG_NAMES } from '../../../src/contract/attributes.ts'
import {
  CIPHER_KEY_TYPE,
  type Cipher,
  type CipherName,
  MECHANISM_KEY_TYPE,
  type Mechanism,
  type MechanismName,
  WRAPPING_KEY_TYPE,
  type Wrapping,
  type WrappingName,
} from '../../../src/contract/mechanisms.ts'
import { HSM_TYPES, MODES } from '../../../src/contract/profiles.ts'
import { fromHex } from '../../../src/model/octets.ts'
import type { KeyRecord } from '../../../src/model/records.ts'
import { capacityOf, keysFit } from '../../../src/policy/capacity.ts'
import type { Decision } from '../../../src/policy/decision.ts'
import { changeFits } from '../../../src/policy/hsm-profile/attributes.ts'
import { digestsFit } from '../../../src/policy/hsm-profile/digests.ts'
import { typeFits } from '../../../src/policy/hsm-profile/key-types.ts'
import { foundingProfile, type Profile } from '../../../src/policy/hsm-profile/profile.ts'
import { mayDecrypt, mayEncrypt } from '../../../src/policy/key-encryption.ts'
import { maySign, mayVerify } from '../../../src/policy/key-signing.ts'
import { mayStream } from '../../../src/policy/key-stream.ts'
import { mayUnwrapWith, mayWrapWith } from '../../../src/policy/key-wrapping.ts'
import { aKey, anActor, HERE, OWNER } from '../../support/records.ts'

const owner = anActor(OWNER)
const fips: Profile = { mode: 'fips', hsmType: 'hsm2m.medium' }
const nonFips: Profile = { mode: 'non-fips', hsmType: 'hsm2m.medium' }
const inMode = (mode: Profile['mode']) => ({ ...HERE, profile: { ...nonFips, mode } })
const outcome = (decision: Decision<unknown>) => (decision.allow ? 'ok' : decision.code)
const why = (decision: Decision<unknown>) => (decision.allow ? undefined : decision.why)

/** With every use, so that only the mode can be against it. */
const able = (changes: Partial<KeyRecord>) =>
  aKey({ ...changes, flags: Object.fromEntries(FLAG_NAMES.map((name) => [name, true])) })
const onCurve = (curve: Curve, keyClass: KeyRecord['keyClass'] = 'private-key') =>
  able({ keyType: 'ec', keyClass, ec: { ecPoint: fromHex('0x'), curve } })

const halves = { sign: 'private-key', decrypt: 'private-key', unwrap: 'private-key' } as const
const half = (use: string, keyType: string) =>
  keyType === 'rsa' || keyType === 'ec' || keyType === 'ml-dsa'
    ? (halves[use as keyof typeof halves] ?? 'public-key')
    : 'secret-key'

suite('what FIPS mode forbids to do with keys', () => {
  const FORBIDDEN: Readonly<Record<string, readonly string[]>> = {
    sign: ['ed25519', 'ed25519ph'],
    verify: ['ed25519', 'ed25519ph'],
    encrypt: ['des3-ecb', 'des3-cbc', 'des3-cbc-pad', 'rsa-pkcs'],
    decrypt: ['rsa-pkcs'],
    wrap: ['rsa-pkcs'],
    unwrap: ['rsa-pkcs'],
  }
  const expected = (mode: string, use: string, name: string) =>
    mode === 'fips' && FORBIDDEN[use]?.includes(name) ? 'mechanism-refused' : 'ok'

  for (const mode of MODES) {
    for (const [use, rule] of [
      ['sign', maySign],
      ['verify', mayVerify],
    ] as const) {
      test(`${use} in the mode ${mode}`, () => {
        for (const name of Object.keys(MECHANISM_KEY_TYPE) as MechanismName[]) {
          const keyType = MECHANISM_KEY_TYPE[name]
          const edwards = name.startsWith('ed25519')
          const ec =
            keyType === 'ec'
              ? { ecPoint: fromHex('0x'), curve: edwards ? 'ed25519' : 'secp256r1' }
              : undefined
          const key = able({ keyType, keyClass: half(use, keyType), ec } as Partial<KeyRecord>)
          const mechanism = { name, hash: 'sha256', input: 'raw' } as Mechanism
          const using = { actor: owner, key, circumstances: inMode(mode) }
          for (const decision of [rule(using, { mechanism }), mayStream(using, { purpose: use, mechanism })])
            assert.equal(outcome(decision), expected(mode, use, name), name)
        }
      })
    }

    for (const [use, rule] of [
      ['encrypt', mayEncrypt],
      ['decrypt', mayDecrypt],
    ] as const) {
      test(`${use} in the mode ${mode}`, () => {
        for (const name of Object.keys(CIPHER_KEY_TYPE) as CipherName[]) {
          const keyType = CIPHER_KEY_TYPE[name]
          const key = able({ keyType, keyClass: half(use, keyType) })
          const cipher = { name } as Cipher
          const using = { actor: owner, key, circumstances: inMode(mode) }
          for (const decision of [rule(using, { cipher }), mayStream(using, { purpose: use, cipher })])
            assert.equal(outcome(decision), expected(mode, use, name), name)
        }
      })
    }

    for (const [use, rule] of [
      ['wrap', mayWrapWith],
      ['unwrap', mayUnwrapWith],
    ] as const) {
      test(`${use} in the mode ${mode}`, () => {
        for (const name of Object.keys(WRAPPING_KEY_TYPE) as WrappingName[]) {
          const keyType = WRAPPING_KEY_TYPE[name]
          const key = able({ keyType, keyClass: half(use, keyType) })
          const wrapping = { name } as Wrapping
          assert.equal(outcome(rule(owner, key, wrapping, inMode(mode))), expected(mode, use, name), name)
        }
      })
    }
  }

  test('the refusal says what and why', () => {
    const key = able({ keyType: 'rsa', keyClass: 'public-key' })
    assert.equal(
      why(mayWrapWith(owner, key, { name: 'rsa-pkcs' }, inMode('fips'))),
      'Invalid mechanism: rsa-pkcs cannot be used to wrap in FIPS mode',
    )
  })

  test('whoever has no right to the key learns that first', () => {
    const key = able({ keyType: 'rsa', keyClass: 'private-key' })
    const stranger = mayDecrypt(
      { actor: anActor('u-else'), key, circumstances: inMode('fips') },
      { cipher: { name: 'rsa-pkcs' } },
    )
    assert.equal(outcome(stranger), 'not-permitted')
  })
})

suite('hash functions of ECDSA in FIPS mode', () => {
  /** The weakest that each curve takes. */
  const WEAKEST: Readonly<Record<WeierstrassCurve, Hash>> = {
    secp224r1: 'sha224',
    secp256r1: 'sha256',
    secp256k1: 'sha256',
    secp384r1: 'sha384',
    secp521r1: 'sha512',
  }
  const BYTES = { sha1: 20, sha224: 28, sha256: 32, sha384: 48, sha512: 64 }
  const strong = (curve: WeierstrassCurve, hash: Hash) =>
    HASH_NAMES.indexOf(hash) >= HASH_NAMES.indexOf(WEAKEST[curve])

  for (const curve of Object.keys(WEAKEST) as WeierstrassCurve[]) {
    test(`on ${curve}`, () => {
      const [priv, pub] = [onCurve(curve), onCurve(curve, 'public-key')]
      for (const hash of HASH_NAMES) {
        const expected = strong(curve, hash) ? 'ok' : 'mechanism-refused'
        for (const input of ['raw', 'digest'] as const) {
          const mechanism = { name: 'ecdsa', hash, input } as const
          assert.equal(
            outcome(maySign({ actor: owner, key: priv, circumstances: inMode('fips') }, { mechanism })),
            expected,
            `sign ${hash}`,
          )
          assert.equal(
            outcome(mayVerify({ actor: owner, key: pub, circumstances: inMode('fips') }, { mechanism })),
            expected,
            `verify ${hash}`,
          )
          assert.ok(
            maySign({ actor: owner, key: priv, circumstances: inMode('non-fips') }, { mechanism }).allow,
          )
          assert.ok(
            maySign(
              { actor: owner, key: priv, circumstances: { ...inMode('fips'), weakHashes: true } },
              { mechanism },
            ).allow,
          )
        }
        const unnamed: Mechanism = { name: 'ecdsa-prehashed' }
        assert.equal(
          outcome(digestsFit(inMode('fips'), priv, unnamed, [{ length: 64 }, { length: BYTES[hash] }])),
          expected,
          hash,
        )
        assert.ok(digestsFit(inMode('non-fips'), priv, unnamed, [{ length: 1 }]).allow)
        assert.ok(digestsFit({ ...inMode('fips'), weakHashes: true }, priv, unnamed, [{ length: 1 }]).allow)
      }
    })
  }

  test('the refusal names both strengths, as CloudHSM does', () => {
    const sha1 = { name: 'ecdsa', hash: 'sha1', input: 'raw' } as const
    assert.equal(
      why(
        maySign(
          { actor: owner, key: onCurve('secp256r1'), circumstances: inMode('fips') },
          { mechanism: sha1 },
        ),
      ),
      'Invalid mechanism: Digest security strength (80) is weaker than the key security strength (128)',
    )
  })

  test('the length of the data says nothing with other mechanisms', () => {
    const rsa = able({ keyType: 'rsa' })
    assert.ok(digestsFit(inMode('fips'), rsa, { name: 'rsa-pkcs-unhashed' }, [{ length: 1 }]).allow)
    const named = { name: 'ecdsa', hash: 'sha256', input: 'raw' } as const
    assert.ok(digestsFit(inMode('fips'), onCurve('secp256r1'), named, [{ length: 1 }]).allow)
  })
})

suite('which types of keys there can be', () => {
  const origins = ['generated', 'imported', 'unwrapped', 'derived', 'copied'] as const
  const made = (keyType: KeyRecord['keyType'], from: (typeof origins)[number], curve?: Curve) => ({
    keyType,
    ec: curve && { ecPoint: fromHex('0x'), curve },
    origin: from === 'derived' ? { from, base: aKey().flags } : { from },
  })
  for (const mode of MODES) {
    for (const hsmType of HSM_TYPES) {
      test(`${hsmType} in the mode ${mode}`, () => {
        const profile = { mode, hsmType }
        const isFips = mode === 'fips'
        for (const from of origins) {
          for (const keyType of ['aes', 'generic-secret', 'rsa'] as const) {
            assert.ok(typeFits(profile, made(keyType, from)).allow)
          }
          assert.ok(typeFits(profile, made('ec', from, 'secp256k1')).allow)
          assert.equal(typeFits(profile, made('ec', from, 'ed25519')).allow, !isFips, from)
          assert.equal(typeFits(profile, made('ml-dsa', from)).allow, hsmType !== 'hsm1.medium', from)
          const isNew = from === 'generated' || from === 'derived'
          assert.equal(typeFits(profile, made('des3', from)).allow, !(isFips && isNew), from)
        }
      })
    }
  }
})

suite('attributes that a type of HSM does not change', () => {
  const hsm1: Profile = { mode: 'fips', hsmType: 'hsm1.medium' }
  const changes: readonly (readonly [string, Partial<KeyRecord>, Parameters<typeof aKey>[0], boolean])[] = [
    ['id', {}, { idAttribute: '0x01' }, false],
    ['extractable', {}, { flags: { extractable: false } }, false],
    ['derive of RSA', { keyType: 'rsa' }, { keyType: 'rsa', flags: { derive: true } }, false],
    ['derive of EC', { keyType: 'ec' }, { keyType: 'ec', flags: { derive: true } }, true],
    ['label', {}, { label: 'x' }, true],
    ['sign', {}, { flags: { sign: true } }, true],
    ['nothing', {}, {}, true],
  ]
  for (const [name, before, after, allowed] of changes) {
    test(name, () => {
      assert.equal(changeFits(hsm1, aKey(before), aKey(after)).allow, allowed)
      assert.ok(changeFits(fips, aKey(before), aKey(after)).allow)
      assert.ok(changeFits({ ...nonFips, hsmType: 'unlimited' }, aKey(before), aKey(after)).allow)
    })
  }

  test('the refusal is the one of every attribute', () => {
    const refused = changeFits(hsm1, aKey(), aKey({ flags: { extractable: false } }))
    assert.equal(outcome(refused), 'attribute-refused')
    assert.match(why(refused) ?? '', /^Attribute extractable cannot be set to the value false by the user/)
  })
})

suite('how much fits', () => {
  const secret = { keyClass: 'secret-key', flags: { token: true } } as const
  const half = { keyClass: 'public-key', flags: { token: true } } as const
  for (const [hsmType, keys, asymmetric, users] of [
    ['hsm1.medium', 3_300, 3_300, 250],
    ['hsm2m.medium', 16_666, 3_333, 1024],
    ['unlimited', 1_000_000, 250_000, 10_000],
  ] as const) {
    test(hsmType, () => {
      const capacity = capacityOf({ mode: 'fips', hsmType })
      const asked = (has: number, hasAsymmetric: number, more: typeof secret | typeof half) =>
        outcome(keysFit({ keys: has, asymmetricKeys: hasAsymmetric, sessionKeys: 0, capacity }, [more]))
      assert.equal(asked(keys - 1, 0, secret), 'ok')
      assert.equal(asked(keys, 0, secret), 'key-capacity')
      assert.equal(asked(asymmetric - 1, asymmetric - 1, half), 'ok')
      assert.equal(asked(asymmetric, asymmetric, half), 'key-capacity')
      assert.equal(capacity.users, users)
    })
  }
})

test('what a cluster is founded as', () => {
  const founded = (wanted: Partial<Profile>) => {
    const decision = foundingProfile(wanted)
    return decision.allow ? decision.result : decision.code
  }
  assert.deepEqual(founded({}), nonFips)
  assert.deepEqual(founded({ mode: 'fips' }), fips)
  assert.deepEqual(founded({ hsmType: 'unlimited' }), { mode: 'non-fips', hsmType: 'unlimited' })
  assert.deepEqual(founded({ hsmType: 'hsm1.medium' }), { mode: 'fips', hsmType: 'hsm1.medium' })
  assert.equal(founded({ hsmType: 'hsm1.medium', mode: 'non-fips' }), 'invalid-request')
})
