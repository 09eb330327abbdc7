/** What programs see before they log in: certificates, where the HSM shows them to anyone, and nothing else. */
import assert from 'node:assert/strict'
import { before, suite, test } from 'node:test'
import { certificateDer } from '../../support/certificate.ts'
import { fails } from '../../support/errors.ts'
import { type Attribute, template, ulong, wanted } from '../../support/p11-client.ts'
import { makePair } from '../../support/world.ts'
import { A, bench, C, CLASS, type Program } from './fixture.ts'

const CERTIFICATE = 1
const SUBJECT = 0x101
const CERTIFICATE_TYPE = 0x80
const NOT_LOGGED_IN = 0x101
const BAD_HANDLE = 0x82

let der: Buffer
before(async () => {
  der = await certificateDer('CN=site')
})

const show = async (program: Program, session: number, handle: number, ...types: readonly number[]) => {
  const asked = wanted(...types.map((type) => [type, 2000] as const))
  const { attributes } = await program.call(C.GetAttributeValue, ulong(session), ulong(handle), asked)
  return attributes.map(({ value }) => value)
}

/** Whatever would change something. */
async function writes(program: Program, session: number, handle: number): Promise<readonly number[]> {
  const made: readonly Attribute[] = [
    [A.CLASS, CERTIFICATE],
    [CERTIFICATE_TYPE, 0],
    [A.VALUE, der],
  ]
  const s = ulong(session)
  return [
    await program.refusal(C.CreateObject, s, template(...made)),
    await program.refusal(C.CreateObject, s, template(...made, [A.TOKEN, true])),
    await program.refusal(C.SetAttributeValue, s, ulong(handle), template([A.LABEL, 'other'])),
    await program.refusal(C.CopyObject, s, ulong(handle), template()),
    await program.refusal(C.DestroyObject, s, ulong(handle)),
  ]
}

suite('before login, where certificates are shown to anyone', () => {
  const shared = bench()

  test('certificates are found and read, keys of any class are not, and nothing is changed', async () => {
    const { world } = shared
    const { pub, priv } = await makePair(world, 'alice', { label: 'site' })
    const { certificate } = await world.as('alice', 'certificate.create', {
      label: 'site',
      id: '0x05',
      value: der.toString('base64'),
    })
    const program = await shared.program()
    const session = await program.open()
    const found = await program.find(session, template([A.CLASS, CERTIFICATE], [A.LABEL, 'site']))
    const [handle = 0] = found
    assert.deepEqual(found, [Number(certificate.reference)])
    assert.deepEqual(await program.find(session, template()), [handle])
    assert.deepEqual(await program.find(session, template([A.ID, Buffer.of(5)], [A.VALUE, der])), [handle])
    assert.deepEqual(await program.find(session, template([A.LABEL, 'another'])), [])
    for (const kind of [CLASS.PUBLIC, CLASS.PRIVATE]) {
      assert.deepEqual(await program.find(session, template([A.CLASS, kind])), [])
    }
    const [value, label, id, isPrivate, subject] = await show(
      program,
      session,
      handle,
      A.VALUE,
      A.LABEL,
      A.ID,
      A.PRIVATE,
      SUBJECT,
    )
    assert.deepEqual([value, label, id, isPrivate], [der, Buffer.from('site'), Buffer.of(5), false])
    assert.ok(Buffer.isBuffer(subject) && der.includes(subject))
    assert.equal(await program.refusal(C.GetObjectSize, ulong(session), ulong(handle)), 0)
    for (const key of [pub, priv]) {
      const asked = [ulong(session), ulong(Number(key)), wanted([A.LABEL, 10])]
      assert.equal(await program.refusal(C.GetAttributeValue, ...asked), BAD_HANDLE)
    }
    const all = await writes(program, session, handle)
    assert.deepEqual(new Set(all), new Set([NOT_LOGGED_IN]))
    assert.deepEqual(await show(program, session, handle, A.LABEL), [Buffer.from('site')])
  })

  test('the certificates of a session are for its program alone', async () => {
    const program = await shared.program()
    const session = await program.login()
    const own = [
      [A.CLASS, CERTIFICATE],
      [CERTIFICATE_TYPE, 0],
      [A.VALUE, der],
      [A.LABEL, 'passing'],
    ] as const
    const made = await program.call(C.CreateObject, ulong(session), template(...own))
    const other = await shared.program()
    const anonymous = await other.open()
    assert.deepEqual(await program.find(session, template([A.LABEL, 'passing'])), made.numbers)
    assert.deepEqual(await other.find(anonymous, template([A.LABEL, 'passing'])), [])
  })

  test('over HTTPS too, but who owns them is told to users alone', async () => {
    const { world } = shared
    const list = async (token?: string) => {
      const { certificates } = await world.hsm.call('certificate.list', {}, token)
      return certificates.map(({ label, owner, own }) => ({ label, owner, own }))
    }
    assert.deepEqual(await list(), [{ label: 'site', owner: '', own: false }])
    assert.deepEqual(await list(world.token('bob')), [{ label: 'site', owner: 'alice', own: false }])
    assert.deepEqual(await list(world.token('alice')), [{ label: 'site', owner: 'alice', own: true }])
    assert.deepEqual(await list(world.token('admin')), [{ label: 'site', owner: 'alice', own: false }])
    const [first] = (await world.hsm.call('certificate.list', {})).certificates
    const named = { reference: first?.reference ?? '' }
    await assert.rejects(world.hsm.call('certificate.delete', named), fails('not-logged-in'))
    await assert.rejects(
      world.hsm.call('certificate.change', { ...named, label: 'x' }),
      fails('not-logged-in'),
    )
    await assert.rejects(world.hsm.call('key.list', { filter: [] }), fails('not-logged-in'))
    await assert.rejects(world.as('admin', 'certificate.delete', named), fails('not-permitted'))
  })

  test('more than fit into one reply are found, all of them, once', async () => {
    const { world } = shared
    const value = der.toString('base64')
    for (let made = 0; made < 300; made += 1) await world.as('carol', 'certificate.create', { value })
    const program = await shared.program()
    const session = await program.open()
    await program.call(C.FindObjectsInit, ulong(session), template([A.CLASS, CERTIFICATE], [A.LABEL, '']))
    const room = { letters: 'fu', bytes: () => Buffer.from([0, 0, 4, 0]) }
    const { list } = await program.call(C.FindObjects, ulong(session), room)
    assert.deepEqual([list.length, new Set(list).size], [300, 300])
    const page = await world.hsm.call('certificate.list', {})
    assert.equal(page.certificates.length, 256)
    const { certificates, next_token: end } = await world.hsm.call('certificate.list', {
      'starting-token': page.next_token ?? '',
    })
    assert.deepEqual([certificates.length, end], [45, undefined])
  })
})

suite('before login, where nothing is shown', () => {
  const shared = bench({}, { publicObjects: 'none' })

  test('certificates are found after login only', async () => {
    const { world } = shared
    const value = der.toString('base64')
    const { certificate } = await world.as('alice', 'certificate.create', { label: 'site', value })
    const program = await shared.program()
    const session = await program.open()
    const handle = Number(certificate.reference)
    assert.deepEqual(await program.find(session, template()), [])
    const asked = [ulong(session), ulong(handle), wanted([A.LABEL, 10])]
    assert.equal(await program.refusal(C.GetAttributeValue, ...asked), NOT_LOGGED_IN)
    assert.deepEqual(new Set(await writes(program, session, handle)), new Set([NOT_LOGGED_IN]))
    await assert.rejects(world.hsm.call('certificate.list', {}), fails('not-logged-in'))
    await program.login('bob')
    assert.deepEqual(await program.find(session, template()), [handle])
  })
})
