/** For each operation of the table: how it succeeds, how policy refuses it, and how its work fails. */
import type { ErrorCode } from '../../../../src/contract/errors.ts'
import type { OperationName, Request } from '../../../../src/contract/operations.ts'
import { certificateDer } from '../../../support/certificate.ts'
import type { World } from '../../../support/world.ts'
import {
  base64,
  ECDSA,
  makeAes,
  makePair,
  PASSWORD,
  type Person,
  reference,
  sign,
} from '../../../support/world.ts'

export type Means = {
  readonly world: World
  /** A clone of the same cluster. */
  readonly clone: World
  /** Of alice, shared with bob: an EC pair, a wrapping key, a key to be wrapped. */
  readonly pub: string
  readonly priv: string
  readonly wrapping: string
  readonly payload: string
  /** Base64. */
  readonly point: string
  readonly certificate: string
}

type Asked<K extends OperationName> = { readonly by?: Person | 'nobody'; readonly request: Request<K> }
type Refused<K extends OperationName> = Asked<K> & { readonly code: ErrorCode }

export type Case<K extends OperationName> = Asked<K> & {
  readonly policy?: Refused<K>
  readonly work?: Refused<K>
}

type Cases = { readonly [K in OperationName]: (means: Means) => Case<K> | Promise<Case<K>> }

const ROLE = 'crypto-user'
const ALICE = { username: 'alice', role: ROLE } as const
const WRAP = { name: 'aes-zero-pad' } as const
const GCM = { name: 'aes-gcm', 'tag-length-bits': 128 } as const
const FOUND = { username: 'bob', role: ROLE } as const

/** By the owner, or whoever may do it; refused to bob, with whom the key is shared. */
const sharing = (usernames: string[]) => (means: Means) => ({
  request: { filter: reference(means.wrapping), usernames, role: ROLE } as const,
  policy: {
    by: 'bob' as const,
    request: { filter: reference(means.wrapping), usernames, role: ROLE } as const,
    code: 'not-owner' as const,
  },
})
const severalOf = (means: Means) => ({ keys: [means.wrapping], filter: [] })

async function streamOf({ world, priv }: Means): Promise<string> {
  const begun = await world.as('alice', 'crypto.begin', {
    ...{ filter: reference(priv), purpose: 'sign', mechanism: ECDSA },
  } as Request<'crypto.begin'>)
  return begun.stream
}

export const CASES: Cases = {
  'session.login': () => ({
    by: 'nobody',
    request: { ...ALICE, password: PASSWORD },
    policy: { by: 'nobody', request: { ...ALICE, password: 'wrong password' }, code: 'bad-credentials' },
  }),
  'session.resume': async ({ world }) => {
    const request = { ...ALICE, password: PASSWORD, resumable: true }
    const { credential = '' } = await world.hsm.call('session.login', request)
    return { request: { credential }, policy: { request: { credential: 'none' }, code: 'not-logged-in' } }
  },
  'session.renew': () => ({ request: {} }),
  'session.logout': () => ({ by: 'carol', request: {} }),
  'cluster.activate': () => ({
    request: { password: PASSWORD },
    policy: { request: { password: PASSWORD }, code: 'cluster-already-activated' },
  }),
  'cluster.hsm-info': () => ({ request: {} }),
  'cluster.status': () => ({ request: {} }),
  'user.create': () => ({
    by: 'admin',
    request: { username: 'new', role: ROLE, password: PASSWORD },
    policy: { by: 'admin', request: { ...ALICE, password: PASSWORD }, code: 'user-exists' },
  }),
  'user.delete': () => ({
    by: 'admin',
    request: { username: 'carol', role: ROLE, force: true },
    policy: { by: 'admin', request: ALICE, code: 'user-logged-in' },
  }),
  'user.list': () => ({ request: {} }),
  'user.change-password': () => ({
    request: { ...ALICE, password: PASSWORD },
    policy: { request: { ...FOUND, password: PASSWORD }, code: 'not-permitted' },
  }),
  'user.logout': () => ({ request: ALICE, policy: { request: FOUND, code: 'not-permitted' } }),
  'policy.apply': () => ({ by: 'admin', request: { policy: 'trusted-wrapping' } }),
  'policy.show': () => ({ by: 'admin', request: {} }),
  'audit.list': () => ({ by: 'admin', request: {} }),
  'key.list': () => ({
    request: { filter: [] },
    policy: { request: { filter: [], owner: 'ghost' }, code: 'user-not-found' },
  }),
  'key.describe': ({ priv }) => ({ request: { filter: reference(priv) } }),
  'key.share': sharing(['carol']),
  'key.unshare': sharing(['bob']),
  'key.delete': ({ payload }) => ({
    request: { filter: reference(payload) },
    policy: { by: 'bob', request: { filter: reference(payload) }, code: 'not-owner' },
  }),
  'key.share-many': (means) => ({
    request: { ...severalOf(means), usernames: ['carol'], role: ROLE },
    policy: { request: { ...severalOf(means), usernames: ['ghost'], role: ROLE }, code: 'user-not-found' },
  }),
  'key.unshare-many': (means) => ({
    request: { ...severalOf(means), usernames: ['bob'], role: ROLE },
    policy: { request: { ...severalOf(means), usernames: ['ghost'], role: ROLE }, code: 'user-not-found' },
  }),
  'key.delete-many': (means) => ({
    request: severalOf(means),
    policy: { request: { ...severalOf(means), owner: 'ghost' }, code: 'user-not-found' },
  }),
  'key.set-attribute': ({ priv }) => ({
    request: { filter: reference(priv), attributes: { label: 'changed' } },
    policy: { request: { filter: reference(priv), attributes: { local: false } }, code: 'attribute-refused' },
  }),
  'key.generate-symmetric': () => {
    const wanted = { 'key-type': 'aes', 'key-length-bytes': 16, label: 'made' } as const
    return {
      request: wanted,
      policy: { request: { ...wanted, attributes: { trusted: true } }, code: 'attribute-refused' },
      work: { request: { ...wanted, 'share-crypto-users': ['ghost'] }, code: 'user-not-found' },
    }
  },
  'key.generate-pair': () => {
    const labels = { 'public-label': 'p', 'private-label': 'q' }
    const wanted = { 'key-type': 'ec', curve: 'secp256r1', ...labels } as const
    return {
      request: wanted,
      policy: { request: { ...wanted, 'public-attributes': { derive: true } }, code: 'attribute-refused' },
    }
  },
  'key.import': () => {
    const wanted = { 'key-type-class': 'aes', material: base64('0123456789abcdef'), label: 'in' } as const
    return {
      request: wanted,
      policy: { request: { ...wanted, attributes: { local: true } }, code: 'attribute-refused' },
      work: { request: { ...wanted, material: base64('short') }, code: 'invalid-data' },
    }
  },
  'key.copy': ({ priv }) => ({
    request: { filter: reference(priv) },
    policy: { by: 'bob', request: { filter: reference(priv) }, code: 'not-owner' },
  }),
  'key.wrap': ({ wrapping, payload, priv }) => {
    const wanted = { 'wrapping-filter': reference(wrapping), 'payload-filter': reference(payload) }
    return {
      request: { ...wanted, mechanism: WRAP },
      policy: { by: 'bob', request: { ...wanted, mechanism: WRAP }, code: 'not-owner' },
      work: {
        request: { ...wanted, 'payload-filter': reference(priv), mechanism: { name: 'aes-no-pad' } },
        code: 'invalid-data',
      },
    }
  },
  'key.unwrap': async ({ world, wrapping, payload }) => {
    const wrapped = await world.as('alice', 'key.wrap', {
      'wrapping-filter': reference(wrapping),
      'payload-filter': reference(payload),
      mechanism: WRAP,
    })
    const wanted = {
      filter: reference(wrapping),
      mechanism: WRAP,
      'wrapped-key': wrapped['wrapped-key'],
      'key-type-class': 'aes',
      label: 'out',
    } as const
    return {
      request: wanted,
      policy: { request: { ...wanted, attributes: { local: true } }, code: 'attribute-refused' },
      work: { request: { ...wanted, 'wrapped-key': base64('x'.repeat(24)) }, code: 'unwrap-failed' },
    }
  },
  'key.derive': ({ priv, point }) => {
    const mechanism = { name: 'ecdh', kdf: 'x963-sha256', 'public-point': point } as const
    const wanted = { filter: reference(priv), mechanism, 'key-type': 'aes', label: 'agreed' } as const
    return {
      request: wanted,
      policy: { by: 'bob', request: wanted, code: 'not-owner' },
      work: {
        request: { ...wanted, mechanism: { ...mechanism, 'public-point': base64('no point') } },
        code: 'invalid-data',
      },
    }
  },
  'key.export-public': ({ pub, priv }) => ({
    request: { filter: reference(pub) },
    policy: { request: { filter: reference(priv) }, code: 'key-type' },
  }),
  'key.export-reference': ({ pub, priv }) => ({
    request: { filter: reference(priv), encoding: 'reference-pem' },
    policy: { request: { filter: reference(pub), encoding: 'reference-pem' }, code: 'key-type' },
  }),
  'key.export-value': ({ payload, wrapping }) => ({
    request: { filter: reference(payload) },
    policy: { request: { filter: reference(wrapping) }, code: 'value-sensitive' },
  }),
  'certificate.create': async () => {
    const value = (await certificateDer('CN=made')).toString('base64')
    const wanted = { value, label: 'c', id: '0x', session: false }
    return { request: wanted, work: { request: { ...wanted, value: base64('none') }, code: 'invalid-data' } }
  },
  'certificate.list': () => ({
    request: {},
    policy: { request: { 'starting-token': 'x' }, code: 'invalid-paging' },
  }),
  'certificate.change': ({ certificate }) => ({
    request: { reference: certificate, label: 'changed' },
    policy: { by: 'bob', request: { reference: certificate, label: 'his' }, code: 'not-owner' },
  }),
  'certificate.delete': ({ certificate }) => ({
    request: { reference: certificate },
    policy: { by: 'bob', request: { reference: certificate }, code: 'not-owner' },
  }),
  'replica.challenge': () => ({ request: {} }),
  'key.export-replica': async ({ clone, priv }) => {
    const { challenge } = await clone.as('alice', 'replica.challenge', {})
    const wanted = { filter: reference(priv), challenge }
    return {
      request: wanted,
      policy: { by: 'bob', request: wanted, code: 'not-owner' },
      work: { request: { ...wanted, challenge: base64('none') }, code: 'not-clones' },
    }
  },
  'key.import-replica': async ({ world, clone }) => {
    const key = await makeAes(clone, 'alice', 'arriving')
    const { challenge } = await world.as('alice', 'replica.challenge', {})
    const { parcel } = await clone.as('alice', 'key.export-replica', { filter: reference(key), challenge })
    const again = await world.as('bob', 'replica.challenge', {})
    const his = await clone.as('alice', 'key.export-replica', { filter: reference(key), ...again })
    return {
      request: { challenge, parcel },
      policy: { by: 'bob', request: { ...again, ...his }, code: 'not-owner' },
      work: { request: { challenge: base64('none'), parcel }, code: 'not-clones' },
    }
  },
  'user.export-replica': async ({ clone }) => {
    const { challenge } = await clone.as('admin', 'replica.challenge', {})
    return {
      by: 'admin',
      request: { ...ALICE, challenge },
      policy: { by: 'admin', request: { username: 'ghost', role: ROLE, challenge }, code: 'user-not-found' },
      work: { by: 'admin', request: { ...ALICE, challenge: base64('none') }, code: 'not-clones' },
    }
  },
  'user.import-replica': async ({ world, clone }) => {
    const person = { username: 'newcomer', role: ROLE } as const
    await clone.as('admin', 'user.create', { ...person, password: PASSWORD })
    const { challenge } = await world.as('admin', 'replica.challenge', {})
    const { parcel } = await clone.as('admin', 'user.export-replica', { ...person, challenge })
    const request = { challenge, parcel }
    return {
      by: 'admin',
      request,
      work: { by: 'admin', request: { challenge: base64('none'), parcel }, code: 'not-clones' },
    }
  },
  'backup.begin': () => ({ by: 'admin', request: {} }),
  'backup.next': async ({ world }) => {
    const { backup } = await world.as('admin', 'backup.begin', {})
    return {
      by: 'admin',
      request: { backup },
      work: { by: 'admin', request: { backup: 'none' }, code: 'backup-not-found' },
    }
  },
  'crypto.sign': ({ priv, pub }) => ({
    request: { filter: reference(priv), mechanism: ECDSA, data: [''] },
    policy: { request: { filter: reference(pub), mechanism: ECDSA, data: [''] }, code: 'key-type' },
  }),
  'crypto.verify': async ({ world, priv, pub }) => {
    const signatures = [await sign(world, 'alice', priv, 'm')]
    const wanted = { filter: reference(pub), mechanism: ECDSA, data: [base64('m')], signatures }
    return {
      request: wanted,
      policy: { request: { ...wanted, filter: reference(priv) }, code: 'key-type' },
      work: { request: { ...wanted, data: ['', ''] }, code: 'invalid-request' },
    }
  },
  'crypto.encrypt': ({ payload, priv }) => ({
    request: { filter: reference(payload), cipher: GCM, data: [''] },
    policy: { request: { filter: reference(priv), cipher: GCM, data: [''] }, code: 'key-type' },
  }),
  'crypto.decrypt': async ({ world, payload, priv }) => {
    const filter = reference(payload)
    const { data, ivs = [] } = await world.as('alice', 'crypto.encrypt', { filter, cipher: GCM, data: [''] })
    const wanted = { filter, cipher: { ...GCM, iv: ivs[0] ?? '' }, data }
    return {
      request: wanted,
      policy: { request: { ...wanted, filter: reference(priv) }, code: 'key-function' },
      work: { request: { ...wanted, data: [base64('x'.repeat(16))] }, code: 'decryption-failed' },
    }
  },
  'crypto.begin': ({ priv, pub }) => ({
    request: { filter: reference(priv), purpose: 'sign', mechanism: ECDSA },
    policy: { request: { filter: reference(pub), purpose: 'sign', mechanism: ECDSA }, code: 'key-type' },
  }),
  'crypto.update': async (means) => ({
    request: { stream: await streamOf(means), data: '' },
    work: { request: { stream: 'none', data: '' }, code: 'stream-not-found' },
  }),
  'crypto.finish': async (means) => ({
    request: { stream: await streamOf(means), data: '' },
    work: { request: { stream: await streamOf(means), signature: '' }, code: 'invalid-request' },
  }),
  'crypto.cancel': async (means) => ({
    request: { stream: await streamOf(means) },
    work: { request: { stream: 'none' }, code: 'stream-not-found' },
  }),
  'crypto.random': () => ({ request: { bytes: 8 } }),
}

/** What the cases work with. */
export async function meansOf(world: World, clone: World): Promise<Means> {
  const { pub, priv } = await makePair(world, 'alice', { label: 'ec', share: ['bob'] })
  const filter = reference(priv)
  await world.as('alice', 'key.set-attribute', { filter, attributes: { derive: true } })
  const { matched_keys: found } = await world.as('alice', 'key.list', {
    filter: reference(pub),
    verbose: true,
  })
  const point = String(Object(found[0]?.attributes)['ec-point']).slice(2)
  const aes = async (label: string, attributes: Request<'key.generate-symmetric'>['attributes']) => {
    const { key } = await world.as('alice', 'key.generate-symmetric', {
      ...{ 'key-type': 'aes', 'key-length-bytes': 32, label, attributes, 'share-crypto-users': ['bob'] },
    } as Request<'key.generate-symmetric'>)
    return key['key-reference']
  }
  const value = (await certificateDer('CN=there')).toString('base64')
  const { certificate } = await world.as('alice', 'certificate.create', { value, label: 'c', id: '0x' })
  return {
    world,
    clone,
    pub,
    priv,
    wrapping: await aes('wrapping', { wrap: true, unwrap: true }),
    payload: await aes('payload', { encrypt: true, decrypt: true, sensitive: false }),
    point: Buffer.from(point, 'hex').toString('base64'),
    certificate: certificate.reference,
  }
}
