/** Of operations on keys: how each succeeds, how policy refuses it, and how its work fails. */
import type { KEYS } from '../../../../src/contract/operations/keys.ts'
import { base64, reference } from '../../../support/world.ts'
import { type Cases, type Means, ROLE } from './means.ts'

const WRAP = { name: 'aes-zero-pad' } as const

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

export const KEY_CASES: Cases<keyof typeof KEYS & `key.${string}`> = {
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
}
