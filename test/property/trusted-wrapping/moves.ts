/** What the attackers can do in one step. */
import { createPublicKey } from 'node:crypto'
import type { NewAttributes } from '../../../src/contract/attributes.ts'
import type { Wrapping } from '../../../src/contract/mechanisms.ts'
import type { Request } from '../../../src/contract/operations.ts'
import { reference as byReference } from '../../support/world.ts'
import { DERIVING } from './deriving.ts'
import type { Blob } from './knowledge.ts'
import { can, choose, filter, isPayload, LABELS, type Made, type Move, type MoveName } from './step.ts'
import { CHANGEABLE, DETAILS, incomingWishes, pick, TEMPLATES, wishes } from './wishes.ts'

/** Bytes that anyone knows. */
const CONSTANTS = [16, 24, 32, 32].map((size, at) => Buffer.alloc(size, at + 1))
const FIXED_IV = Buffer.alloc(12, 9)
const OAEP: Wrapping = { name: 'rsa-oaep', hash: 'sha256', mgf: 'mgf1-sha256' }
const MECHANISMS: readonly Wrapping[] = [
  { name: 'cloudhsm-aes-gcm', 'tag-length-bits': 128 },
  { name: 'aes-gcm', 'tag-length-bits': 128 },
  { name: 'aes-gcm', 'tag-length-bits': 128, iv: FIXED_IV },
  { name: 'aes-no-pad' },
  { name: 'aes-zero-pad' },
  { name: 'aes-pkcs5-pad' },
]
const gcmOf = ({ bytes, iv }: Blob): Decryption => ({
  cipher: {
    name: 'aes-gcm',
    'tag-length-bits': 128,
    iv: iv ?? bytes.subarray(0, GCM_IV_BYTES),
  },
  data: [iv ? bytes : bytes.subarray(GCM_IV_BYTES)],
})
const ecbOf = ({ bytes }: Blob): Decryption => ({
  cipher: { name: 'aes-ecb' },
  data: [bytes.subarray(0, bytes.length - (bytes.length % AES_BLOCK))],
})
type Decryption = Pick<Request<'crypto.decrypt'>, 'cipher' | 'data'>
const GCM_IV_BYTES = 12
const AES_BLOCK = 16

export const MOVES: Readonly<Record<MoveName, Move>> = {
  async generate({ world, keys }, { who, a, b, c, d }) {
    const size = pick([16, 24, 32, 32] as const, c)
    const type = d % 5 === 0 ? 'generic-secret' : 'aes'
    const { key } = await world.as(who, 'key.generate-symmetric', {
      ...LABELS,
      'key-type': type,
      'key-length-bytes': size,
      attributes: wishes(a, b),
    })
    keys.push({ reference: key['key-reference'], owner: who })
    return true
  },
  async pair({ world, keys }, { who, a, b }) {
    const { wrap: _, ...attributes } = wishes(a, b)
    const made = await world.as(who, 'key.generate-pair', {
      'key-type': 'ec',
      curve: 'secp256r1',
      'public-label': 'walk',
      'private-label': 'walk',
      'private-attributes': { ...attributes, derive: a % 2 === 0 },
    })
    keys.push({ reference: made.private_key['key-reference'], owner: who })
    return true
  },
  async bring({ world, keys, knowledge }, { who, a, b, c, d }) {
    const value = pick(CONSTANTS, c)
    const { key } = await world.as(who, 'key.import', {
      ...LABELS,
      'key-type-class': 'aes',
      material: value.toString('base64'),
      ...incomingWishes(a, b, d),
    })
    keys.push({ reference: key['key-reference'], owner: who })
    knowledge.learnValue(key['key-reference'], value, 'given')
    return true
  },
  async bringPublic({ world, keys }, { who }, rsa) {
    const spki = createPublicKey(rsa).export({ type: 'spki', format: 'der' })
    const { key } = await world.as(who, 'key.import', {
      ...LABELS,
      'key-type-class': 'rsa-public',
      material: spki.toString('base64'),
      attributes: { wrap: true },
    })
    keys.push({ reference: key['key-reference'], owner: who })
    return true
  },
  async wrap(walk, { a, b, c, d }) {
    const under = choose(walk, a, (key) => key.flags.wrap && (d % 3 === 0 || key.flags.trusted))
    const payload = choose(
      walk,
      b,
      (key) => isPayload(key) && (d % 4 > 0 || walk.knowledge.knowsValue(key.id)),
    )
    if (!under || !payload) return false
    const mechanism = walk.record(under.reference).keyType === 'rsa' ? OAEP : pick(MECHANISMS, c)
    const reply = await walk.world.as(payload.owner, 'key.wrap', {
      'payload-filter': filter(payload),
      'wrapping-filter': filter(under),
      mechanism,
    })
    walk.knowledge.learnBlob({
      bytes: reply['wrapped-key'],
      under: under.reference,
      payload: payload.reference,
      mechanism,
      iv: reply.iv ?? (mechanism.name === 'aes-gcm' ? mechanism.iv : undefined),
    })
    return true
  },
  async unwrap(walk, { who, a, b, c, d }) {
    const canReturn = ({ under }: Blob) => d % 4 === 0 || walk.record(under).flags.unwrap
    const blob = pick(walk.knowledge.blobs.filter(canReturn), a) as Blob | undefined
    if (!blob) return false
    const under = d % 4 === 0 ? choose(walk, d, can('unwrap')) : { reference: blob.under }
    const { keyType, keyClass } = walk.record(blob.payload)
    if (!under) return false
    const secret = d % 5 === 0 ? 'generic-secret' : 'aes'
    const { key } = await walk.world.as(who, 'key.unwrap', {
      ...LABELS,
      filter: byReference(under.reference),
      mechanism: blob.iv ? ({ ...blob.mechanism, iv: blob.iv } as Wrapping) : blob.mechanism,
      'wrapped-key': blob.bytes,
      'key-type-class': keyClass === 'private-key' ? 'ec-private' : keyType === 'aes' ? secret : keyType,
      ...incomingWishes(b, c, d >> 4),
    } as Parameters<typeof walk.world.as<'key.unwrap'>>[2])
    walk.keys.push({ reference: key['key-reference'], owner: who })
    return true
  },
  async encrypt(walk, { a, c }) {
    const key = choose(walk, a, can('encrypt'))
    if (!key) return false
    const { data } = await walk.world.as(key.owner, 'crypto.encrypt', {
      filter: filter(key),
      cipher: { name: 'aes-ecb' },
      data: [pick(CONSTANTS, 2 * c)],
    })
    walk.knowledge.learn(data[0] ?? Buffer.alloc(0), 'given')
    return true
  },
  async decrypt(walk, { a, b, c, d }) {
    const blob = pick(walk.knowledge.blobs, a) as Blob | undefined
    if (!blob) return false
    const twin = walk.record(blob.under).checkValue
    const key = choose(walk, b, (one) => one.flags.decrypt && (c % 4 === 0 || one.checkValue === twin))
    if (!key) return false
    const request = d % 4 === 0 ? ecbOf(blob) : gcmOf(blob)
    const { data } = await walk.world.as(key.owner, 'crypto.decrypt', { filter: filter(key), ...request })
    walk.knowledge.learn(data[0] ?? Buffer.alloc(0), 'decrypted')
    return true
  },
  ...DERIVING,
  async copy(walk, { a, b, c }) {
    const key = choose(walk, a, (one) => c % 2 === 0 || one.flags.wrap)
    if (!key) return false
    const purposes: readonly NewAttributes[] = [
      {},
      { wrap: false, unwrap: false, decrypt: true },
      { wrap: true },
    ]
    const { key: made } = await walk.world.as(key.owner, 'key.copy', {
      filter: filter(key),
      attributes: { ...pick(purposes, b), ...pick(DETAILS, c) },
    })
    walk.keys.push({ ...key, reference: made['key-reference'] })
    return true
  },
  async set(walk, { a, b, c }) {
    const key = choose(walk, a, (one) => c % 2 === 0 || one.flags.trusted)
    if (!key) return false
    const name = pick(CHANGEABLE, b)
    const attributes = { [name]: c % 3 !== 0 }
    await walk.world.as(key.owner, 'key.set-attribute', { filter: filter(key), attributes })
    return true
  },
  async template(walk, { a, b }) {
    const key = choose(walk, a, can('unwrap'))
    if (!key) return false
    const attributes = { 'unwrap-template': pick(TEMPLATES, b) }
    await walk.world.as(key.owner, 'key.set-attribute', { filter: filter(key), attributes })
    return true
  },
  async trust(walk, { a, b }) {
    const key = choose(walk, a, (one) => one.flags.wrap && !one.flags.trusted)
    if (!key) return false
    const attributes = { trusted: b % 8 !== 0 }
    await walk.world.as('admin', 'key.set-attribute', { filter: filter(key), attributes })
    return true
  },
  async share(walk, { a }) {
    const key = pick(walk.keys, a) as Made | undefined
    if (!key) return false
    const usernames = [key.owner === 'alice' ? 'bob' : 'alice']
    await walk.world.as(key.owner, 'key.share', { filter: filter(key), usernames, role: 'crypto-user' })
    return true
  },
  async unshare(walk, { a }) {
    const key = choose(walk, a, ({ sharedWith }) => sharedWith.length > 0)
    if (!key) return false
    const usernames = [key.owner === 'alice' ? 'bob' : 'alice']
    await walk.world.as(key.owner, 'key.unshare', { filter: filter(key), usernames, role: 'crypto-user' })
    return true
  },
  async show(walk, { a }) {
    const key = choose(walk, a, ({ flags }) => flags.extractable && !flags.sensitive)
    if (!key) return false
    const { value } = await walk.world.as(key.owner, 'key.export-value', { filter: filter(key) })
    walk.knowledge.learnValue(key.reference, value, 'shown')
    return true
  },
}
