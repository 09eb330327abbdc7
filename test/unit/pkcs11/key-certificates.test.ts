/** Certificates that keys sign for themselves, for programs that see a private key only beside one. */
import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { suite, test } from 'node:test'
import { keyCertificateMaker } from '../../../src/certificates/key-certificate.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import type { Request } from '../../../src/contract/operations.ts'
import { certificateDer } from '../../support/certificate.ts'
import { type Attribute, template, ulong, wanted } from '../../support/p11-client.ts'
import { makePair, type Person, reference } from '../../support/world.ts'
import { A, bench, C, CLASS, type Program } from './fixture.ts'

const MODIFIABLE = 0x170
const [BAD_HANDLE, PROHIBITED, REMOVED] = [0x82, 0x1b, 0x32]

/** For which keys signatures were asked for, and whether the HSM serves. */
const signed: string[] = []
let serves = true

const watched = (hsm: Hsm): Hsm => ({
  async call(operation, request, ...rest) {
    if (operation === 'crypto.sign') {
      if (!serves) throw new HsmError('not-serving')
      signed.push((request as Request<'crypto.sign'>).filter.join())
    }
    return hsm.call(operation, request, ...rest)
  },
})

const shared = bench({}, { makeKeyCertificate: keyCertificateMaker('on-demand'), through: watched })

const EC = { 'key-type': 'ec', curve: 'secp256r1' }
const RSA = { 'key-type': 'rsa', 'modulus-size-bits': 2048, 'public-exponent': 65537 }

/** Reference of the private key. */
async function pair(who: Person, label: string, attributes: object, kind: object = EC): Promise<string> {
  const request = {
    ...kind,
    'public-label': label,
    'private-label': label,
    'public-attributes': { verify: true },
    'private-attributes': { sign: true, ...attributes },
  }
  const made = await shared.world.as(who, 'key.generate-pair', request as never)
  return made.private_key['key-reference']
}

const certificates = (...more: readonly Attribute[]) => template([A.CLASS, CLASS.CERTIFICATE], ...more)

async function show(program: Program, session: number, handle: number, ...types: readonly number[]) {
  const request = wanted(...types.map((type) => [type, 2000] as const))
  const { attributes } = await program.call(C.GetAttributeValue, ulong(session), ulong(handle), request)
  return attributes.map(({ value }) => value)
}

async function certificate(program: Program, session: number, handle: number): Promise<X509Certificate> {
  const [value] = await show(program, session, handle, A.VALUE)
  return new X509Certificate(value as Buffer)
}

const labelled = (label: string) => certificates([A.LABEL, label])

suite('certificates on demand', () => {
  const kinds = ['secp256r1', 'secp256k1', 'secp384r1', 'secp521r1'].map((curve) => ({ ...EC, curve }))
  for (const kind of [RSA, ...kinds]) {
    test(`a key signs one for itself: ${Object.values(kind).join(' ')}`, async () => {
      const label = 'pay, "é" <#1>'
      const key = await pair('alice', label, { id: '0xabcd01' }, kind)
      const program = await shared.program()
      const session = await program.login()
      const [handle = 0, ...more] = await program.find(session, labelled(label))
      assert.deepEqual(more, [])
      const made = await certificate(program, session, handle)
      assert.ok(made.verify(made.publicKey))
      assert.ok(made.validFromDate.getTime() < Date.now() && made.validToDate.getTime() > Date.now())
      const name = Buffer.from(label)
      // A UTF8String, as it is.
      assert.ok(made.raw.includes(Buffer.concat([Buffer.of(0x0c, name.length), name])))
      assert.equal(BigInt(`0x${made.serialNumber}`), BigInt(key))
      assert.deepEqual(await show(program, session, handle, A.CLASS, A.LABEL, A.ID, A.TOKEN, MODIFIABLE), [
        ...[CLASS.CERTIFICATE, Buffer.from(label), Buffer.from('abcd01', 'hex')],
        ...[true, false],
      ])
      assert.deepEqual(await program.find(session, certificates([A.ID, Buffer.from('abcd01', 'hex')])), [
        handle,
      ])
      await shared.world.as('alice', 'key.delete', { filter: reference(key) })
      assert.deepEqual(await program.find(session, labelled(label)), [])
      assert.equal(await program.refusal(C.GetObjectSize, ulong(session), ulong(handle)), BAD_HANDLE)
    })
  }

  test('none before login, for keys that do not sign or have no id, and for a curve that X.509 programs do not know', async () => {
    await pair('alice', 'silent', { sign: false, decrypt: false, derive: true, id: '0x02' })
    await pair('alice', 'nameless', {})
    await pair('alice', 'rare', { id: '0x03' }, { ...EC, curve: 'secp224r1' })
    const program = await shared.program()
    const before = await program.find(await program.open(), certificates())
    assert.deepEqual(before, [])
    const session = await program.login()
    for (const label of ['silent', 'nameless', 'rare'])
      assert.deepEqual(await program.find(session, labelled(label)), [], label)
  })

  test('whoever sees the key sees its certificate, by a use of their own, until it is unshared', async () => {
    const key = await pair('alice', 'ours', { id: '0x04' })
    const sharing = { filter: reference(key), usernames: ['bob'], role: 'crypto-user' as const }
    const uses = () => signed.filter((one) => one === `key-reference=${key}`).length
    const program = await shared.program()
    const session = await program.login('bob')
    assert.deepEqual(await program.find(session, labelled('ours')), [])
    await shared.world.as('alice', 'key.share', sharing)
    const [handle = 0] = await program.find(session, labelled('ours'))
    assert.equal(uses(), 1)
    const first = await certificate(program, session, handle)
    const other = await shared.program()
    const otherSession = await other.login('bob')
    assert.deepEqual(await other.find(otherSession, labelled('ours')), [handle])
    assert.deepEqual((await certificate(other, otherSession, handle)).raw, first.raw)
    assert.equal(uses(), 1)
    const owners = await shared.program()
    assert.deepEqual(await owners.find(await owners.login('alice'), labelled('ours')), [handle])
    assert.equal(uses(), 2)
    await shared.world.as('alice', 'key.unshare', sharing)
    assert.deepEqual(await program.find(session, labelled('ours')), [])
    assert.equal(await program.refusal(C.GetObjectSize, ulong(session), ulong(handle)), BAD_HANDLE)
  })

  test('the one that is stored beside a key is the only one; that of another key does not count', async () => {
    const key = await pair('alice', 'stored', { id: '0x05' })
    const program = await shared.program()
    const session = await program.login()
    const another = await certificateDer('CN=another')
    const keep = (value: Buffer) => {
      const content = { label: 'stored', id: '0x05', value: value.toString('base64') }
      return shared.world.as('bob', 'certificate.create', content)
    }
    const { certificate: others } = await keep(another)
    const [handle = 0, ...more] = await program.find(session, labelled('stored'))
    assert.deepEqual(more, [Number(others.reference)])
    const { certificate: kept } = await keep((await certificate(program, session, handle)).raw)
    const now = await program.find(session, labelled('stored'))
    assert.deepEqual(now, [Number(others.reference), Number(kept.reference)])
    await shared.world.as('alice', 'key.delete', { filter: reference(key) })
  })

  test('of several keys with one id the first has a certificate', async () => {
    const keys = [await pair('alice', 'twin', { id: '0x06' }), await pair('alice', 'twin', { id: '0x06' })]
    const program = await shared.program()
    const session = await program.login()
    const [handle = 0, ...more] = await program.find(session, labelled('twin'))
    assert.deepEqual(more, [])
    const { serialNumber } = await certificate(program, session, handle)
    assert.equal(BigInt(`0x${serialNumber}`), BigInt(keys[0] ?? 0))
  })

  test('it cannot be changed; a copy is stored; a program that destroys it sees it no more, others do', async () => {
    const key = await pair('alice', 'fixed', { id: '0x07' })
    const program = await shared.program()
    const session = await program.login()
    const [handle = 0] = await program.find(session, labelled('fixed'))
    const change = [ulong(session), ulong(handle), template([A.LABEL, 'other'])]
    assert.equal(await program.refusal(C.SetAttributeValue, ...change), PROHIBITED)
    await program.call(C.DestroyObject, ulong(session), ulong(handle))
    assert.deepEqual(await program.find(session, labelled('fixed')), [])
    const other = await shared.program()
    const otherSession = await other.login()
    assert.deepEqual(await other.find(otherSession, labelled('fixed')), [handle])
    const { numbers } = await other.call(
      C.CopyObject,
      ulong(otherSession),
      ulong(handle),
      template([A.TOKEN, true]),
    )
    assert.deepEqual(await other.find(otherSession, labelled('fixed')), numbers)
    await shared.world.as('alice', 'key.delete', { filter: reference(key) })
    assert.deepEqual(await other.find(otherSession, labelled('fixed')), numbers)
  })

  test('an HSM that does not serve is no reason to show fewer', async () => {
    await pair('alice', 'late', { id: '0x08' })
    const program = await shared.program()
    const session = await program.login()
    serves = false
    assert.equal(await program.refusal(C.FindObjectsInit, ulong(session), labelled('late')), REMOVED)
    serves = true
    assert.equal((await program.find(session, labelled('late'))).length, 1)
  })
})

suite('where none are made on demand', () => {
  const usual = bench()

  test('a private key has no certificate', async () => {
    const { priv } = await makePair(usual.world, 'alice', { label: 'plain' })
    await usual.world.as('alice', 'key.set-attribute', {
      filter: reference(priv),
      attributes: { id: '0x01' },
    })
    const program = await usual.program()
    const session = await program.login()
    assert.deepEqual(await program.find(session, certificates()), [])
    const handle = ulong(2 ** 50 + Number(priv))
    assert.equal(await program.refusal(C.GetObjectSize, ulong(session), handle), BAD_HANDLE)
  })
})
