/** Keys derived from others, and MACs by the keys that they are derived from. */
import { toHex } from '../../../src/model/octets.ts'
import type { KeyRecord } from '../../../src/model/records.ts'
import { choose, filter, LABELS, type Move } from './step.ts'
import { incomingWishes } from './wishes.ts'

export const DERIVING = {
  async derive(walk, { a, b, c, d }) {
    const isPair = ({ keyType }: KeyRecord) => keyType === 'ec'
    const key = choose(walk, a, (one) => isPair(one) && one.flags.derive)
    const peer = choose(walk, b, isPair)
    const point = peer && walk.record(peer.reference).ec?.ecPoint
    if (!key || !point) return false
    const made = await walk.world.as(key.owner, 'key.derive', {
      ...LABELS,
      filter: filter(key),
      mechanism: {
        name: 'ecdh',
        kdf: d % 2 === 0 ? 'none' : 'x963-sha256',
        'public-point': Buffer.from(toHex(point).slice(2), 'hex').toString('base64'),
      },
      'key-type': 'aes',
      'key-length-bytes': 32,
      ...incomingWishes(c, d, d >> 4),
    })
    walk.keys.push({
      reference: made.key['key-reference'],
      owner: key.owner,
      derivedFrom: [key.reference, peer.reference],
    })
    return true
  },
  async deriveByMac(walk, { a, b, c, d }) {
    const key = choose(walk, a, (one) => one.keyType === 'aes' && one.flags.derive)
    if (!key) return false
    const made = await walk.world.as(key.owner, 'key.derive', {
      ...LABELS,
      filter: filter(key),
      mechanism: { name: 'counter-kdf', prf: 'aes-cmac', 'counter-bits': 8 },
      'key-type': 'aes',
      'key-length-bytes': 16,
      ...incomingWishes(b, c, d),
    })
    const reference = made.key['key-reference']
    walk.keys.push({ reference, owner: key.owner, derivedFrom: [key.reference] })
    return true
  },
  /** Of the first counter, which is what such a key is made of. */
  async mac(walk, { a }) {
    const key = choose(walk, a, (one) => one.keyType === 'aes' && one.flags.sign)
    if (!key) return false
    const { signatures } = await walk.world.as(key.owner, 'crypto.sign', {
      filter: filter(key),
      mechanism: { name: 'aes-cmac' },
      data: [Buffer.of(1).toString('base64')],
    })
    walk.knowledge.learn(signatures[0] ?? Buffer.alloc(0), 'signed')
    return true
  },
} satisfies Record<string, Move>
