/** Keys that others travel under, and short ways to send them out and bring them back. */

import type { Wrapping } from '../../src/contract/mechanisms.ts'
import type { Reply, Request } from '../../src/contract/operations.ts'
import { type Person, reference, type World } from './world.ts'

export const OAEP = { hash: 'sha256', mgf: 'mgf1-sha256' } as const
export const KWP = { name: 'aes-zero-pad' } as const
/** One of each kind. */
export const WRAPPINGS: readonly Wrapping[] = [
  { name: 'aes-gcm', 'tag-length-bits': 128, aad: Buffer.from('abc') },
  { name: 'cloudhsm-aes-gcm', 'tag-length-bits': 96 },
  { name: 'aes-no-pad' },
  { name: 'aes-pkcs5-pad' },
  { name: 'aes-zero-pad' },
  { name: 'rsa-aes', ...OAEP },
  { name: 'rsa-oaep', ...OAEP },
  { name: 'rsa-pkcs' },
]

export type Transport = Awaited<ReturnType<typeof createTransport>>

/** alice's `kek` (AES) and `rsa` (a pair) wrap and unwrap, and are shared with bob. */
export async function createTransport(world: World) {
  const kek = await makeKek('alice', 'kek', ['bob'])
  const made = await world.as('alice', 'key.generate-pair', {
    'key-type': 'rsa',
    'modulus-size-bits': 2048,
    'public-exponent': 65537,
    'public-label': 'rsa-kek-public',
    'private-label': 'rsa-kek',
    'public-attributes': { wrap: true },
    'private-attributes': { unwrap: true },
    'share-crypto-users': ['bob'],
  })
  const rsa = { pub: made.public_key['key-reference'], priv: made.private_key['key-reference'] }

  async function makeKek(who: Person, label: string, share: string[] = []): Promise<string> {
    const { key } = await world.as(who, 'key.generate-symmetric', {
      'key-type': 'aes',
      'key-length-bytes': 32,
      label,
      attributes: { wrap: true, unwrap: true },
      'share-crypto-users': share,
    })
    return key['key-reference']
  }

  type Class = Request<'key.import'>['key-type-class']
  async function bring(name: Class, material: Buffer, attributes: Request<'key.import'>['attributes'] = {}) {
    const request = { 'key-type-class': name, material, label: name, attributes }
    return (await world.as('alice', 'key.import', request)).key['key-reference']
  }

  const isRsa = ({ name }: Wrapping) => name.startsWith('rsa')
  const wrap = (who: Person, payload: string, mechanism: Wrapping = KWP, under?: string) =>
    world.as(who, 'key.wrap', {
      'payload-filter': reference(payload),
      'wrapping-filter': reference(under ?? (isRsa(mechanism) ? rsa.pub : kek)),
      mechanism,
    })

  type More = Omit<Partial<Request<'key.unwrap'>>, 'mechanism'> & { readonly mechanism?: Wrapping }
  const unwrap = (
    who: Person,
    wrapped: Pick<Reply<'key.wrap'>, 'wrapped-key' | 'iv'>,
    name: Request<'key.unwrap'>['key-type-class'],
    { mechanism = KWP, ...more }: More = {},
  ) =>
    world.as(who, 'key.unwrap', {
      filter: reference(isRsa(mechanism) ? rsa.priv : kek),
      mechanism: wrapped.iv ? ({ ...mechanism, iv: wrapped.iv } as Wrapping) : mechanism,
      'wrapped-key': wrapped['wrapped-key'],
      'key-type-class': name,
      label: 'unwrapped',
      ...more,
    })
  return { kek, rsa, makeKek, bring, wrap, unwrap }
}
