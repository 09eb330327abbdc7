/** Keys of every type, with what they are used for, in a world. */
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto'
import type { Request } from '../../src/contract/operations.ts'
import type { Person, World } from './world.ts'

type Flags = Request<'key.generate-symmetric'>['attributes']
const ALL: Flags = { encrypt: true, decrypt: true, sign: true, verify: true }

/** A secret key that a test knows the value of. */
export async function bringSecret(
  world: World,
  who: Person,
  type: 'aes' | 'des3' | 'generic-secret',
  attributes: Flags = ALL,
): Promise<{ key: string; value: Buffer }> {
  const value = randomBytes(type === 'des3' ? 24 : 32)
  const { key } = await world.as(who, 'key.import', {
    'key-type-class': type,
    material: value.toString('base64'),
    label: type,
    attributes,
  })
  return { key: key['key-reference'], value }
}

/** An RSA pair that a test has too. */
export async function bringRsa(
  world: World,
  who: Person,
): Promise<{ pub: string; priv: string; publicKey: KeyObject; privateKey: KeyObject }> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const bring = async (name: 'rsa-public' | 'rsa-private', der: Buffer, attributes: Flags) => {
    const request = { 'key-type-class': name, material: der.toString('base64'), label: name, attributes }
    return (await world.as(who, 'key.import', request)).key['key-reference']
  }
  return {
    pub: await bring('rsa-public', publicKey.export({ type: 'spki', format: 'der' }), {
      encrypt: true,
      verify: true,
    }),
    priv: await bring('rsa-private', privateKey.export({ type: 'pkcs8', format: 'der' }), {
      decrypt: true,
      sign: true,
    }),
    publicKey,
    privateKey,
  }
}

/** A pair that signs and verifies; the references. */
export async function makeSigningPair(
  world: World,
  who: Person,
  kind: 'ed25519' | 'secp256r1' | 'ML-DSA-44' | 'ML-DSA-65' | 'ML-DSA-87',
  share: string[] = [],
): Promise<{ pub: string; priv: string }> {
  const common = {
    'public-label': `${kind}-public`,
    'private-label': kind,
    'public-attributes': { verify: true },
    'private-attributes': { sign: true },
    'share-crypto-users': share,
  }
  const made = await world.as(
    who,
    'key.generate-pair',
    kind === 'ed25519' || kind === 'secp256r1'
      ? { 'key-type': 'ec', curve: kind, ...common }
      : { 'key-type': 'ml-dsa', 'mldsa-algorithm': kind, ...common },
  )
  return { pub: made.public_key['key-reference'], priv: made.private_key['key-reference'] }
}
