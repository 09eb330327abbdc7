/** An activated cluster with a few users logged in, and short ways to say what a test does with it. */
import type { Hsm } from '../../src/contract/hsm.ts'
import type { OperationName, Reply, Request } from '../../src/contract/operations.ts'

export const PASSWORD = 'correct horse'
export const CRYPTO_USERS = ['alice', 'bob', 'carol'] as const
export type Person = (typeof CRYPTO_USERS)[number] | 'admin'

export type World = {
  readonly hsm: Hsm
  /** A call as one of the people. */
  as<K extends OperationName>(who: Person, operation: K, request: Request<K>): Promise<Reply<K>>
  token(who: Person): string
  login(username: string, role?: 'admin' | 'crypto-user', password?: string): Promise<string>
}

export async function createWorld(hsm: Hsm): Promise<World> {
  const tokens = new Map<string, string>()
  const login: World['login'] = async (username, role = 'crypto-user', password = PASSWORD) =>
    (await hsm.call('session.login', { username, role, password })).token
  await hsm.call('cluster.activate', { password: PASSWORD })
  const admin = await login('admin', 'admin')
  tokens.set('admin', admin)
  for (const username of CRYPTO_USERS) {
    await hsm.call('user.create', { username, role: 'crypto-user', password: PASSWORD }, admin)
    tokens.set(username, await login(username))
  }
  const token = (who: Person) => tokens.get(who) ?? ''
  return { hsm, token, login, as: (who, operation, request) => hsm.call(operation, request, token(who)) }
}

/** An AES key of `who`; its reference. */
export async function makeAes(world: World, who: Person, label: string): Promise<string> {
  const { key } = await world.as(who, 'key.generate-symmetric', {
    'key-type': 'aes',
    'key-length-bytes': 32,
    label,
  })
  return key['key-reference']
}

type PairOptions = {
  readonly label: string
  readonly curve?: 'secp256r1' | 'secp224r1' | 'secp384r1' | 'secp521r1' | 'secp256k1' | 'prime256v1'
  readonly rsa?: number
  readonly share?: readonly string[]
  readonly session?: boolean
  readonly sign?: boolean
}

/** A pair that can sign and verify, P-256 unless said otherwise; the references. */
export async function makePair(
  world: World,
  who: Person,
  options: PairOptions,
): Promise<{ pub: string; priv: string }> {
  const { label, curve = 'secp256r1', rsa, share = [], session = false, sign = true } = options
  const common = {
    'public-label': `${label}-public`,
    'private-label': label,
    'public-attributes': { verify: sign },
    'private-attributes': { sign },
    'share-crypto-users': [...share],
    session,
  }
  const made = await world.as(
    who,
    'key.generate-pair',
    rsa
      ? { 'key-type': 'rsa', 'modulus-size-bits': rsa, 'public-exponent': 65537, ...common }
      : { 'key-type': 'ec', curve, ...common },
  )
  return { pub: made.public_key['key-reference'], priv: made.private_key['key-reference'] }
}

export const reference = (key: string): string[] => [`key-reference=${key}`]
export const byLabel = (label: string): string[] => [`attr.label=${label}`]
export const base64 = (text: string): string => Buffer.from(text).toString('base64')

export const ECDSA = { name: 'ecdsa', hash: 'sha256', input: 'raw' } as const
export const RSA_PKCS = { name: 'rsa-pkcs', hash: 'sha256', input: 'raw' } as const

/** One signature over `message`. */
export async function sign(
  world: World,
  who: Person,
  key: string,
  message: string,
  mechanism: Request<'crypto.sign'>['mechanism'] = ECDSA,
): Promise<string> {
  const reply = await world.as(who, 'crypto.sign', {
    filter: reference(key),
    mechanism,
    data: [base64(message)],
  })
  return reply.signatures[0]?.toString('base64') ?? ''
}
