/** ML-DSA. Its keys come into an HSM from another one only, so the vectors' keys are put into the store. */
import assert from 'node:assert/strict'
import { createPublicKey } from 'node:crypto'
import { octetString, sequence, unsigned } from '../../../src/base/der.ts'
import type { MlDsaAlgorithm } from '../../../src/contract/algorithms.ts'
import { ML_DSA_SIZES } from '../../../src/crypto/ml-dsa.ts'
import { createSealer } from '../../../src/crypto/seal.ts'
import { materialContext } from '../../../src/crypto/sealed-fields.ts'
import type { Store } from '../../../src/store/store.ts'
import { CLUSTER_ID, MASTER_KEY } from '../../support/engine.ts'
import { aKey } from '../../support/records.ts'
import type { Interface, Key } from './interface.ts'
import type { Note, Runner } from './runners.ts'
import { type Group, hex, type Vector } from './vectors.ts'

/** Puts a key of alice's into the store. @param der SubjectPublicKeyInfo or PKCS #8 */
export type Place = (
  algorithm: MlDsaAlgorithm,
  keyClass: 'public-key' | 'private-key',
  der: Buffer,
) => Promise<Key>

export function placeIn(store: Store): Place {
  const sealer = createSealer(MASTER_KEY, 'material', CLUSTER_ID)
  let next = 0x10_0000
  return async (algorithm, keyClass, der) => {
    const id = `0x${(next++).toString(16).padStart(16, '0')}`
    const facts = { id, keyClass, keyType: 'ml-dsa', mlDsa: { algorithm }, sharedWith: [] } as const
    const isPublic = keyClass === 'public-key'
    const material = isPublic ? der : sealer.seal(der, materialContext(facts))
    const key = aKey({
      ...facts,
      owner: store.catalog.userByName('alice')?.id ?? '',
      keyLengthBytes: ML_DSA_SIZES[algorithm][isPublic ? 'publicKey' : 'privateKey'],
      flags: isPublic ? { verify: true, sensitive: false } : { sign: true },
    })
    await store.transact(() => ({
      writes: [{ put: key, material: material.toString('base64') }],
      audit: [],
      result: undefined,
    }))
    return id
  }
}

const OIDS: Readonly<Record<MlDsaAlgorithm, string>> = {
  'ML-DSA-44': '0609608648016503040311',
  'ML-DSA-65': '0609608648016503040312',
  'ML-DSA-87': '0609608648016503040313',
}

/** PKCS #8 with the key expanded and no seed (RFC 9881 §6). */
const expanded = (algorithm: MlDsaAlgorithm, key: Buffer): Buffer =>
  Buffer.from(sequence(unsigned(Buffer.of(0)), sequence(hex(OIDS[algorithm])), octetString(octetString(key))))

const RAW = { name: 'ml-dsa', input: 'raw' } as const
const EXTERNAL_MU = { name: 'ml-dsa', input: 'external-mu' } as const
const UNREADABLE = ['IncorrectPublicKeyLength', 'IncorrectPrivateKeyLength', 'InvalidPrivateKey']

/** Why a vector is not run; undefined when it is. */
function reason({ flags, ...vector }: Vector): `left: ${string}` | undefined {
  if (UNREADABLE.some((flag) => flags.includes(flag)) && vector.result === 'invalid')
    return 'left: ML-DSA keys are not imported'
  return vector['ctx'] && !vector['mu'] ? 'left: the context is empty' : undefined
}

/** What is signed: the message, or mu, which has the context in it. */
const asked = (vector: Vector) =>
  vector['ctx'] || vector['msg'] === undefined
    ? { mechanism: EXTERNAL_MU, data: hex(vector['mu']) }
    : { mechanism: RAW, data: hex(vector['msg']) }

export const mlDsaVerify =
  (algorithm: MlDsaAlgorithm, place: Place): Runner =>
  async (way, groups, note) => {
    for (const group of groups) {
      const der = hex(group['publicKeyDer'])
      const key = isReadable(der) ? await place(algorithm, 'public-key', der) : undefined
      for (const vector of group.tests) await verify(way, key, vector, note)
      if (key !== undefined) await way.forget(key)
    }
  }

const isReadable = (der: Buffer): boolean => {
  try {
    return createPublicKey({ key: der, format: 'der', type: 'spki' }) !== undefined
  } catch {
    return false
  }
}

async function verify(way: Interface, key: Key | undefined, vector: Vector, note: Note): Promise<void> {
  const why = reason(vector)
  assert.equal(key === undefined, vector.flags.includes('IncorrectPublicKeyLength'), `${vector.tcId}`)
  if (why || key === undefined) return note(vector, why ?? 'refused')
  const { mechanism, data } = asked(vector)
  const verified = await way.verify(key, mechanism, data, hex(vector['sig']))
  assert.ok('value' in verified, `${vector.tcId}: ${JSON.stringify(verified)}`)
  return note(vector, verified.value ? 'accepted' : 'refused')
}

/** Signatures are made with fresh randomness, so they are verified, like those of the vectors. */
export const mlDsaSign =
  (algorithm: MlDsaAlgorithm, place: Place): Runner =>
  async (way, groups, note) => {
    for (const group of groups) {
      const runnable = group.tests.filter((vector) => vector.result === 'valid' && !reason(vector))
      for (const vector of group.tests) {
        if (!runnable.includes(vector)) note(vector, reason(vector) ?? 'refused')
      }
      if (runnable.length === 0) continue
      const own = await place(algorithm, 'private-key', privateKeyOf(algorithm, group))
      const other = await place(algorithm, 'public-key', publicKeyOf(algorithm, group))
      for (const vector of runnable) {
        const { mechanism, data } = asked(vector)
        const made = await way.sign(own, mechanism, data)
        assert.ok('value' in made, `${vector.tcId}: ${JSON.stringify(made)}`)
        for (const signature of [made.value, hex(vector['sig'])]) {
          assert.deepEqual(await way.verify(other, mechanism, data, signature), { value: true })
        }
        note(vector, 'accepted')
      }
      await way.forget(own)
      await way.forget(other)
    }
  }

function privateKeyOf(algorithm: MlDsaAlgorithm, group: Group): Buffer {
  const [seed, whole] = [group['privateSeed'], group['privateKey']]
  if (whole !== undefined) return expanded(algorithm, hex(whole))
  // The seed alone (RFC 9881 §6).
  const inner = Buffer.concat([hex('8020'), hex(seed)])
  return Buffer.from(sequence(unsigned(Buffer.of(0)), sequence(hex(OIDS[algorithm])), octetString(inner)))
}

function publicKeyOf(algorithm: MlDsaAlgorithm, group: Group): Buffer {
  const bits = Buffer.concat([Buffer.of(0), hex(group['publicKey'])])
  const head = sequence(hex(OIDS[algorithm]))
  const header = Buffer.from([3, 0x82, bits.length >> 8, bits.length & 0xff])
  return Buffer.from(sequence(head, header, bits))
}
