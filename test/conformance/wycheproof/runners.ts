/** How the vectors of one kind are run: each file's tests come to one of three ends, which `note` takes down. */
import assert from 'node:assert/strict'
import { CURVES, type Hash, type WeierstrassCurve } from '../../../src/contract/algorithms.ts'
import { readDer } from '../../../src/contract/ecdsa-signature.ts'
import { LIMITS } from '../../../src/contract/limits.ts'
import type { Cipher, Mechanism } from '../../../src/contract/mechanisms.ts'
import type { Interface, Key, Material, Outcome } from './interface.ts'
import { type Group, hex, type Vector } from './vectors.ts'

/** `left`: it was not run, for the reason that follows. */
export type End = 'accepted' | 'refused' | `left: ${string}`
export type Note = (vector: Vector, end: End) => void
export type Runner = (way: Interface, groups: readonly Group[], note: Note) => Promise<void>

/** The errors that a vector may be refused with, of the HSM and of PKCS#11. Whatever else is thrown fails the test. */
const REFUSALS = {
  bring: ['invalid-data', 'CKR 0x13', 'CKR 0x140'],
  decrypt: ['decryption-failed', 'invalid-data', 'CKR 0x40', 'CKR 0x41'],
  iv: ['invalid-request', 'CKR 0x71'],
  unwrap: ['unwrap-failed', 'CKR 0x110'],
  derive: ['invalid-data', 'CKR 0x71'],
} as const

/** What was asked for; undefined when it was refused as such a thing is. */
function granted<T>(outcome: Outcome<T>, kind: keyof typeof REFUSALS, vector?: Vector): T | undefined {
  if ('value' in outcome) return outcome.value
  const allowed: readonly string[] = REFUSALS[kind]
  assert.ok(allowed.includes(outcome.refused), `${vector?.tcId}: ${outcome.refused}`)
  return undefined
}

/** What must not be refused. */
function must<T>(outcome: Outcome<T>, what = 'a valid vector'): T {
  if ('value' in outcome) return outcome.value
  throw new assert.AssertionError({ message: `${what}: ${outcome.refused}` })
}

/** @returns whether there was a key */
async function withKey(
  way: Interface,
  material: Material,
  uses: Parameters<Interface['bring']>[1],
  body: (key: Key) => Promise<void>,
): Promise<boolean> {
  const brought = await way.bring(material, uses)
  const key = brought && granted(brought, 'bring')
  if (key === undefined) return false
  await body(key)
  await way.forget(key)
  return true
}

/** @param signatureOf r‖s from the encoding that the vectors have; undefined when it is none */
const verifying =
  (
    kind: 'rsa-public' | 'ec-public',
    mechanism: Mechanism,
    signatureOf: (signature: Buffer) => Buffer | undefined = (signature) => signature,
  ): Runner =>
  async (way, groups, note) => {
    for (const group of groups) {
      const material = { kind, spki: hex(group['publicKeyDer']) } as const
      const there = await withKey(way, material, ['verify'], async (key) => {
        for (const vector of group.tests) {
          const signature = signatureOf(hex(vector['sig']))
          const verified =
            signature !== undefined && must(await way.verify(key, mechanism, hex(vector['msg']), signature))
          note(vector, verified ? 'accepted' : 'refused')
        }
      })
      assert.ok(there, `the key of ${group.tests[0]?.tcId}`)
    }
  }

const ecdsa = (hash: Hash): Mechanism => ({ name: 'ecdsa', hash, input: 'raw' })

/** Signatures as OpenSSL has them, which the CLI reads. */
export const ecdsaDer = (curve: WeierstrassCurve, hash: Hash): Runner =>
  verifying('ec-public', ecdsa(hash), (signature) => {
    const read = readDer(signature, CURVES[curve].fieldBytes)
    return read && Buffer.from(read)
  })

export const ecdsaP1363 = (hash: Hash): Runner => verifying('ec-public', ecdsa(hash))
export const ed25519: Runner = verifying('ec-public', { name: 'ed25519' })
export const rsaPkcs1 = (hash: Hash): Runner =>
  verifying('rsa-public', { name: 'rsa-pkcs', hash, input: 'raw' })
export const rsaPss = (hash: Hash, saltLength: number): Runner =>
  verifying('rsa-public', {
    name: 'rsa-pkcs-pss',
    hash,
    input: 'raw',
    mgf: `mgf1-${hash}`,
    'salt-length': saltLength,
  })

/** @param kind of the keys */
export const mac =
  (kind: 'aes' | 'generic-secret', mechanismOf: (bytes: number) => Mechanism): Runner =>
  async (way, groups, note) => {
    for (const { tests, tagSize = 0 } of groups) {
      const mechanism = mechanismOf(tagSize / 8)
      for (const vector of tests) {
        const [message, tag] = [hex(vector['msg']), hex(vector['tag'])]
        const material = { kind, value: hex(vector['key']) } as const
        const there = await withKey(way, material, ['sign', 'verify'], async (key) => {
          const verified = must(await way.verify(key, mechanism, message, tag))
          const made = must(await way.sign(key, mechanism, message))
          assert.equal(made.equals(tag), verified, `${vector.tcId}`)
          note(vector, verified ? 'accepted' : 'refused')
        })
        if (!there) note(vector, 'refused')
      }
    }
  }

/** Decrypts, and encrypts to the same where that is determined. */
async function roundTrip(
  way: Interface,
  key: Key,
  cipher: Cipher,
  vector: Vector,
  sealed: Buffer,
): Promise<boolean> {
  const plain = hex(vector['msg'])
  const opened = granted(await way.decrypt(key, cipher, sealed), 'decrypt', vector)
  if (opened === undefined) return false
  assert.deepEqual(opened, plain, `${vector.tcId}`)
  return true
}

export const aesCbc: Runner = async (way, groups, note) => {
  for (const vector of groups.flatMap(({ tests }) => tests)) {
    const cipher = { name: 'aes-cbc-pad', iv: hex(vector['iv']) } as const
    const material = { kind: 'aes', value: hex(vector['key']) } as const
    await withKey(way, material, ['encrypt', 'decrypt'], async (key) => {
      const sealed = hex(vector['ct'])
      const opened = await roundTrip(way, key, cipher, vector, sealed)
      if (opened) assert.deepEqual(must(await way.encrypt(key, cipher, hex(vector['msg']))), sealed)
      note(vector, opened ? 'accepted' : 'refused')
    })
  }
}

/**
 * Programs for CloudHSM leave the IV empty for the HSM to fill, so PKCS#11 does not encrypt with zeros, and our own module with
 * nothing else.
 */
function encryptedWith(iv: Buffer, { name }: Interface): 'as it is' | 'with another' | 'never' {
  if (!name.includes('PKCS#11')) return 'as it is'
  if (iv.every((byte) => byte === 0)) return 'with another'
  return name === 'PKCS#11' ? 'as it is' : 'never'
}

export const aesGcm: Runner = async (way, groups, note) => {
  for (const { tests, tagSize = 128 } of groups) {
    for (const vector of tests) {
      const iv = hex(vector['iv'])
      const cipher = {
        name: 'aes-gcm',
        iv,
        aad: hex(vector['aad']),
        'tag-length-bits': tagSize as 128,
      } as const
      const material = { kind: 'aes', value: hex(vector['key']) } as const
      await withKey(way, material, ['encrypt', 'decrypt'], async (key) => {
        const sealed = Buffer.concat([hex(vector['ct']), hex(vector['tag'])])
        const tooLong = iv.length > LIMITS.gcmIvBytes
        if (tooLong || iv.length === 0) {
          assert.equal(granted(await way.encrypt(key, cipher, hex(vector['msg'])), 'iv', vector), undefined)
          assert.equal(granted(await way.decrypt(key, cipher, sealed), 'iv', vector), undefined)
          return note(vector, tooLong ? `left: an IV of more than ${LIMITS.gcmIvBytes} bytes` : 'refused')
        }
        const opened = await roundTrip(way, key, cipher, vector, sealed)
        const encrypted = opened ? encryptedWith(iv, way) : 'with another'
        if (encrypted !== 'with another') {
          const outcome = await way.encrypt(key, cipher, hex(vector['msg']))
          if (encrypted === 'never') assert.equal(granted(outcome, 'iv', vector), undefined)
          else assert.deepEqual(must(outcome), sealed, `${vector.tcId}`)
        }
        return note(vector, opened ? 'accepted' : 'refused')
      })
    }
  }
}

export const keyWrap =
  (name: 'aes-no-pad' | 'aes-zero-pad'): Runner =>
  async (way, groups, note) => {
    for (const vector of groups.flatMap(({ tests }) => tests)) {
      const [payload, wrapped] = [hex(vector['msg']), hex(vector['ct'])]
      await withKey(way, { kind: 'aes', value: hex(vector['key']) }, ['wrap', 'unwrap'], async (under) => {
        const opened = granted(await way.unwrap(under, { name }, wrapped), 'unwrap', vector)
        if (opened) {
          assert.deepEqual(opened, payload, `${vector.tcId}`)
          await withKey(way, { kind: 'generic-secret', value: payload }, [], async (key) =>
            assert.deepEqual(must(await way.wrap(under, { name }, key)), wrapped, `${vector.tcId}`),
          )
        }
        note(vector, opened ? 'accepted' : 'refused')
      })
    }
  }

/** @param oaep undefined: PKCS #1 v1.5 */
export const rsaDecrypt =
  (oaep?: { readonly hash: Hash }): Runner =>
  async (way, groups, note) => {
    for (const group of groups) {
      const material = { kind: 'rsa-private', pkcs8: hex(group['privateKeyPkcs8']) } as const
      await withKey(way, material, ['decrypt'], async (key) => {
        for (const vector of group.tests) {
          const cipher: Cipher = oaep
            ? { name: 'rsa-oaep', ...oaep, mgf: `mgf1-${oaep.hash}`, label: hex(vector['label']) }
            : { name: 'rsa-pkcs' }
          const sealed = hex(vector['ct'])
          const isRejectedSilently = !oaep && vector.result === 'invalid'
          if (isRejectedSilently) note(vector, await silently(way, key, cipher, vector, sealed))
          else note(vector, (await roundTrip(way, key, cipher, vector, sealed)) ? 'accepted' : 'refused')
        }
      })
    }
  }

/**
 * Wrong padding decrypts to bytes made of key and ciphertext, the same every time, so that nobody can tell it from right
 * padding (draft-irtf-cfrg-rsa-guidance §7). A ciphertext that is no number of the right size is refused.
 */
async function silently(
  way: Interface,
  key: Key,
  cipher: Cipher,
  vector: Vector,
  sealed: Buffer,
): Promise<End> {
  const once = granted(await way.decrypt(key, cipher, sealed), 'decrypt', vector)
  if (once === undefined) return 'refused'
  assert.deepEqual(must(await way.decrypt(key, cipher, sealed)), once)
  return 'left: rejected without a word'
}

const CURVE_OIDS = {
  secp256r1: '06082a8648ce3d030107',
  secp384r1: '06052b81040022',
  secp521r1: '06052b81040023',
}

/** @param encoding of the other public key: a point, or SubjectPublicKeyInfo, which is imported before */
export const ecdh =
  (curve: keyof typeof CURVE_OIDS, encoding: 'point' | 'spki'): Runner =>
  async (way, groups, note) => {
    const { fieldBytes } = CURVES[curve]
    for (const vector of groups.flatMap(({ tests }) => tests)) {
      const given = hex(vector['public'])
      const point = encoding === 'point' ? given : await imported(way, given)
      if (point === 'unsaid') {
        note(vector, 'left: no template says this')
        continue
      }
      const material = {
        kind: 'ec-private',
        curve: hex(CURVE_OIDS[curve]),
        scalar: hex(vector['private']),
      } as const
      const there = await withKey(way, material, ['derive'], async (key) => {
        const shared = point && granted(await way.derive(key, point, fieldBytes), 'derive', vector)
        if (shared) assert.deepEqual(shared, hex(vector['shared']), `${vector.tcId}`)
        note(vector, shared ? 'accepted' : 'refused')
      })
      assert.ok(there, `${vector.tcId}: the private key`)
    }
  }

async function imported(way: Interface, spki: Buffer): Promise<Buffer | undefined | 'unsaid'> {
  const brought = await way.bring({ kind: 'ec-public', spki }, [])
  if (!brought) return 'unsaid'
  const key = granted(brought, 'bring')
  if (key === undefined) return undefined
  const point = await way.point(key)
  await way.forget(key)
  return point
}
