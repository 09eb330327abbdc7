/** Keys of types that the client's protocol cannot use are shown to those who ask for them, and not to those who look around. */
import assert from 'node:assert/strict'
import { suite, test } from 'node:test'
import { type Attribute, template, ulong, wanted } from '../../support/p11-client.ts'
import { A, bench, C, CLASS } from './fixture.ts'

const CKK = { EC: 3, EDWARDS: 0x40, ML_DSA: 0x4a }
const UNIQUE_ID = 4

suite('types of keys that p11-kit does not carry', () => {
  const shared = bench()

  /** A pair of each type, all with one label and one id. */
  async function make(label: string) {
    const common = {
      'public-label': label,
      'private-label': label,
      'public-attributes': { id: '0x07' },
      'private-attributes': { id: '0x07', sign: true },
      'share-crypto-users': ['bob'],
    }
    const kinds = [
      { 'key-type': 'ec', curve: 'secp256r1' },
      { 'key-type': 'ec', curve: 'ed25519' },
      { 'key-type': 'ml-dsa', 'mldsa-algorithm': 'ML-DSA-44' },
    ] as const
    const made: (readonly [pub: string, priv: string])[] = []
    for (const kind of kinds) {
      const pair = await shared.world.as('alice', 'key.generate-pair', { ...kind, ...common })
      made.push([pair.public_key['key-reference'], pair.private_key['key-reference']])
    }
    return made
  }

  for (const offered of [0, 1, 2, 3]) {
    test(`what a client finds that offers version ${offered}`, async () => {
      const label = `types ${offered}`
      const [ec, edwards, mlDsa] = await make(label)
      assert.ok(ec && edwards && mlDsa)
      const program = await shared.program({ offered })
      const session = await program.login('bob')
      const find = async (...attributes: readonly Attribute[]) => {
        const found = await program.find(session, template([A.LABEL, label], ...attributes))
        const names = found.map(async (handle) => {
          const asked = [ulong(session), ulong(handle), wanted([UNIQUE_ID, 100])]
          return String((await program.call(C.GetAttributeValue, ...asked)).attributes[0]?.value)
        })
        return new Set(await Promise.all(names))
      }
      const all = new Set([...ec, ...edwards, ...mlDsa])
      const around = offered > 2 ? all : new Set(ec)
      assert.deepEqual(await find(), around)
      assert.deepEqual(await find([A.ID, Buffer.of(7)]), around)
      const privateKeys = offered > 2 ? [ec[1], edwards[1], mlDsa[1]] : [ec[1]]
      assert.deepEqual(await find([A.CLASS, CLASS.PRIVATE]), new Set(privateKeys))
      assert.deepEqual(
        await find([A.CLASS, CLASS.PRIVATE], [A.SIGN, true], [A.KEY_TYPE, CKK.EC]),
        new Set([ec[1]]),
      )

      assert.deepEqual(await find([A.KEY_TYPE, CKK.EDWARDS]), new Set(edwards))
      assert.deepEqual(await find([A.KEY_TYPE, CKK.ML_DSA]), new Set(mlDsa))
      for (const reference of all) {
        assert.deepEqual(await find([UNIQUE_ID, Buffer.from(reference)]), new Set([reference]))
      }
    })
  }
})
