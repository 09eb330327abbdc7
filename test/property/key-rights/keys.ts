/** Keys of every kind with attributes of one's choice, and the keys that attempts with them need. */
import { generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { backupOf, cloneFrom } from '../../support/backups.ts'
import { inClone } from '../../support/clones.ts'
import { CRYPTO_USERS, PASSWORD, type Person, reference, type World } from '../../support/world.ts'
import type { Means } from './attempts.ts'

const SECRET = ['aes', 'generic-secret', 'des3'] as const
const IMPORTED = [...SECRET, 'rsa-private', 'rsa-public'] as const
const GENERATED = ['ec-private', 'ec-public', 'ed25519', 'ml-dsa'] as const
type Imported = (typeof IMPORTED)[number]
type Generated = (typeof GENERATED)[number]
export type Kind = Imported | Generated

export type Wish = {
  readonly kind: Kind
  readonly session: boolean
  readonly attributes: Readonly<Record<string, boolean>>
}

const flags = (names: readonly string[], value: fc.Arbitrary<boolean>) =>
  fc.record(Object.fromEntries(names.map((name) => [name, value])))
const often = fc.nat(3).map((number) => number > 0)
const USES = ['encrypt', 'decrypt', 'sign', 'verify', 'wrap', 'unwrap', 'derive']
const all = fc
  .tuple(
    flags([...USES, 'extractable', 'sensitive'], fc.boolean()),
    flags(['modifiable', 'destroyable'], often),
    flags(
      ['wrap-with-trusted'],
      often.map((value) => !value),
    ),
  )
  .map((parts): Record<string, boolean> => Object.assign({}, ...parts))

export const wishes: fc.Arbitrary<Wish> = fc.record({
  kind: fc.constantFrom(...IMPORTED, ...GENERATED),
  session: fc.nat(5).map((number) => number === 0),
  attributes: all,
})

const RSA = generateKeyPairSync('rsa', { modulusLength: 2048 })
const MATERIAL: Readonly<Record<Imported, Buffer>> = {
  aes: Buffer.alloc(16, 1),
  'generic-secret': Buffer.alloc(20, 1),
  des3: Buffer.from('0123456789abcdef23456789abcdef01456789abcdef0123', 'hex'),
  'rsa-private': RSA.privateKey.export({ type: 'pkcs8', format: 'der' }),
  'rsa-public': RSA.publicKey.export({ type: 'spki', format: 'der' }),
}

/** Of alice, shared with bob unless it is a session key; its reference. */
export async function makeKey(world: World, { kind, session, attributes }: Wish): Promise<string> {
  const common = { session, 'share-crypto-users': session ? [] : ['bob'] }
  if (!isGenerated(kind)) {
    const { key } = await world.as('alice', 'key.import', {
      'key-type-class': kind,
      material: MATERIAL[kind].toString('base64'),
      label: 'key',
      attributes: possible(kind, attributes),
      ...common,
    })
    return key['key-reference']
  }
  const half = kind === 'ec-public' ? 'public' : 'private'
  const made = await world.as('alice', 'key.generate-pair', {
    ...(kind === 'ml-dsa'
      ? ({ 'key-type': 'ml-dsa', 'mldsa-algorithm': 'ML-DSA-44' } as const)
      : ({ 'key-type': 'ec', curve: kind === 'ed25519' ? 'ed25519' : 'secp256r1' } as const)),
    'public-label': 'key',
    'private-label': 'key',
    [`${half}-attributes`]: possible(kind, attributes),
    ...common,
  })
  return made[`${half}_key`]['key-reference']
}

const isGenerated = (kind: Kind): kind is Generated => (GENERATED as readonly Kind[]).includes(kind)

function possible(kind: Kind, attributes: Wish['attributes']) {
  const never = kind.endsWith('-public')
    ? ['sensitive', 'unwrap', 'derive']
    : (SECRET as readonly Kind[]).includes(kind)
      ? []
      : ['wrap']
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !never.includes(name)))
}

const BYSTANDER = 'dave'

export async function makeMeans(world: World): Promise<Means> {
  await world.as('admin', 'user.create', { username: BYSTANDER, role: 'crypto-user', password: PASSWORD })
  const { public_key } = await world.as('alice', 'key.generate-pair', {
    'key-type': 'ec',
    curve: 'secp256r1',
    'public-label': 'other',
    'private-label': 'other',
  })
  const backup = await backupOf(world.hsm, world.token('admin'))
  const clone = await inClone((await cloneFrom(backup, 'cluster-clone')).engine, ['admin'])
  const { challenge: untrusted } = await clone.as('admin', 'replica.challenge', {})
  await clone.as('admin', 'policy.apply', { policy: 'trusted-wrapping' })
  const { challenge: trusted } = await clone.as('admin', 'replica.challenge', {})
  const point = Buffer.from(String(public_key.attributes['ec-point']).slice(2), 'hex')
  return {
    world,
    bystander: BYSTANDER,
    publicPoint: point.toString('base64'),
    challenges: { trusted, untrusted },
    ...(await makeOwnKeys(world)),
  }
}

/** Anew when the policy trusted-wrapping was applied, which does not trust what was trusted before. */
export async function makeOwnKeys(world: World): Promise<Pick<Means, 'payload' | 'trusted' | 'untrusted'>> {
  const [payload, trusted, untrusted] = [1, 2, 3].map(() => new Map<Person, string>())
  const make = async (who: Person, attributes: Record<string, boolean>) => {
    const { key } = await world.as(who, 'key.generate-symmetric', {
      'key-type': 'aes',
      'key-length-bytes': 16,
      label: 'own',
      attributes,
    })
    return key['key-reference']
  }
  const wrapping = { wrap: true, sign: false, verify: false, extractable: false }
  for (const who of CRYPTO_USERS) {
    payload?.set(who, await make(who, { sensitive: false }))
    untrusted?.set(who, await make(who, wrapping))
    const key = await make(who, wrapping)
    await world.as('admin', 'key.set-attribute', { filter: reference(key), attributes: { trusted: true } })
    trusted?.set(who, key)
  }
  return { payload, trusted, untrusted } as Pick<Means, 'payload' | 'trusted' | 'untrusted'>
}
