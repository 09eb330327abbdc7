/** Others make objects with the labels and ids of one's own: whoever takes the first that is found takes their own. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { certificateDer } from '../../support/certificate.ts'
import { type Attribute, template, ulong, wanted } from '../../support/p11-client.ts'
import type { Person } from '../../support/world.ts'
import { A, bench, C, CLASS, type Program } from './fixture.ts'

const CERTIFICATE = 1
const ID = Buffer.of(2)
const UNIQUE_ID = 4

suite('what is found first', () => {
  const shared = bench()
  let value: string
  before(async () => {
    value = (await certificateDer('CN=site')).toString('base64')
  })

  /** A pair and a certificate with the same label and id for all. */
  async function make(who: Person, share: readonly string[] = []) {
    const { world } = shared
    const names = { label: 'mine', id: '0x02' }
    const { public_key: pub, private_key: priv } = await world.as(who, 'key.generate-pair', {
      'key-type': 'ec',
      curve: 'secp256r1',
      'public-label': 'mine',
      'private-label': 'mine',
      'public-attributes': { id: '0x02', verify: true },
      'private-attributes': { id: '0x02', sign: true },
      'share-crypto-users': [...share],
    })
    const { certificate } = await world.as(who, 'certificate.create', { ...names, value })
    return {
      pub: pub['key-reference'],
      priv: priv['key-reference'],
      certificate: certificate.reference,
    }
  }

  async function found(program: Program, session: number, ...attributes: readonly Attribute[]) {
    const handles = await program.find(session, template(...attributes))
    const names: string[] = []
    for (const handle of handles) {
      const { attributes: shown } = await program.call(
        C.GetAttributeValue,
        ulong(session),
        ulong(handle),
        wanted([UNIQUE_ID, 100]),
      )
      names.push(String(shown[0]?.value))
    }
    return names
  }

  test('own objects, then those that are shared, then those of others, and older before newer', async () => {
    const carol = await make('carol')
    const alice = await make('alice', ['bob'])
    const bob = await make('bob')
    const later = await make('bob')
    const program = await shared.program()
    const session = await program.login('bob')
    const by = (...attributes: readonly Attribute[]) => found(program, session, ...attributes)

    assert.deepEqual(await by([A.CLASS, CLASS.PUBLIC], [A.ID, ID]), [
      bob.pub,
      later.pub,
      carol.pub,
      alice.pub,
    ])
    // A search that the HSM's filter can say, and one that it cannot.
    for (const more of [[], [[A.SIGN, true]]] as const) {
      const keys = await by([A.CLASS, CLASS.PRIVATE], [A.LABEL, 'mine'], ...more)
      assert.deepEqual(keys, [bob.priv, later.priv, alice.priv])
    }
    assert.deepEqual(await by([A.CLASS, CERTIFICATE], [A.LABEL, 'mine']), [
      bob.certificate,
      later.certificate,
      carol.certificate,
      alice.certificate,
    ])
    const all = await by([A.ID, ID])
    const own = [bob.pub, bob.priv, later.pub, later.priv, bob.certificate, later.certificate]
    assert.deepEqual(new Set(all.slice(0, own.length)), new Set(own))
    assert.deepEqual(all.slice(own.length), [
      alice.priv,
      carol.pub,
      alice.pub,
      carol.certificate,
      alice.certificate,
    ])
  })
})
