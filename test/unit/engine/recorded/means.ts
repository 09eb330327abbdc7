/** What the cases of all operations work with. */
import type { ErrorCode } from '../../../../src/contract/errors.ts'
import type { OperationName, Request } from '../../../../src/contract/operations.ts'
import { certificateDer } from '../../../support/certificate.ts'
import { makePair, type Person, reference, type World } from '../../../support/world.ts'

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

/** How an operation succeeds, how policy refuses it, and how its work fails. */
export type Cases<Names extends OperationName = OperationName> = {
  readonly [K in Names]: (means: Means) => Case<K> | Promise<Case<K>>
}

export const ROLE = 'crypto-user'

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
