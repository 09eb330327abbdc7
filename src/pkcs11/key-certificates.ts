/**
 * Certificates on demand: beside a private key that has none is shown one that the key signs for itself. Signing is a use of the key by
 * whoever looks, allowed and recorded as any other, and only who sees the key sees its certificate.
 */
import type { Curve, Hash, WeierstrassCurve } from '../contract/algorithms.ts'
import { type ErrorCode, HsmError } from '../contract/errors.ts'
import type { MakeKeyCertificate } from '../contract/key-certificates.ts'
import type { KeyObject } from '../contract/key-object.ts'
import type { Account } from './account.ts'
import { filterOf, type KeyCertificates } from './application.ts'
import { CKA } from './cryptoki/objects.ts'
import { keyCertificateHandle, referenceOf } from './handles.ts'
import { keyAttribute } from './objects/key-attributes.ts'

/** The oldest give way. */
const KEPT = 4096

export function createKeyCertificates(make: MakeKeyCertificate): KeyCertificates {
  /** By who looked, and what he saw. */
  const made = new Map<string, Promise<Uint8Array | undefined>>()

  function kept(name: string, work: () => Promise<Uint8Array | undefined>): Promise<Uint8Array | undefined> {
    const known = made.get(name)
    if (known !== undefined) return known
    const [oldest] = made.size < KEPT ? [] : made.keys()
    if (oldest !== undefined) made.delete(oldest)
    const making = work()
    made.set(name, making)
    // What was refused may be allowed the next time.
    const forget = () => made.get(name) === making && made.delete(name)
    making.then((value) => value ?? forget(), forget)
    return making
  }

  return {
    async of(account, key) {
      const facts = factsOf(key)
      if (!facts) return undefined
      const reference = key['key-reference']
      const { label, id } = key.attributes as { readonly label: string; readonly id: string }
      const seen = [account.username(), reference, label, facts.publicKeyInfo.toString('base64')]
      const value = await kept(JSON.stringify(seen), () =>
        make({
          key: facts.kind,
          hash: facts.hash,
          publicKeyInfo: facts.publicKeyInfo,
          name: label === '' ? reference : label,
          serialNumber: reference.slice(2),
          sign: (data) => sign(account, reference, facts, data),
        }).catch(unlessRefused),
      )
      return (
        value && {
          reference: referenceOf(keyCertificateHandle(reference)) ?? '',
          owner: key['key-info']['key-owners'][0]?.username ?? '',
          own: key['key-info']['key-owners'].some(({ username }) => username === account.username()),
          label,
          id,
          value: Buffer.from(value),
          session: false,
        }
      )
    },
  }
}

type Facts = {
  readonly kind: 'rsa' | WeierstrassCurve
  readonly hash: Hash
  readonly publicKeyInfo: Buffer
}

const HASH_OF: Readonly<Record<WeierstrassCurve, Hash>> = {
  secp224r1: 'sha224',
  secp256r1: 'sha256',
  secp256k1: 'sha256',
  secp384r1: 'sha384',
  secp521r1: 'sha512',
}

/** Undefined for a key that is none of the cluster's private keys that sign, or has no id by which a certificate is found. */
function factsOf(key: KeyObject): Facts | undefined {
  const { class: keyClass, sign, token, id, 'key-type': type, curve } = key.attributes
  if (keyClass !== 'private-key' || sign !== true || token !== true || id === '0x') return undefined
  const publicKeyInfo = keyAttribute(key, CKA.PUBLIC_KEY_INFO)
  if (!Buffer.isBuffer(publicKeyInfo)) return undefined
  if (type === 'rsa') return { kind: 'rsa', hash: 'sha256', publicKeyInfo }
  if (type !== 'ec' || (curve as Curve) === 'ed25519') return undefined
  const kind = curve as WeierstrassCurve
  return { kind, hash: HASH_OF[kind], publicKeyInfo }
}

async function sign(
  account: Account,
  reference: string,
  { kind, hash }: Facts,
  data: Uint8Array,
): Promise<Buffer> {
  const { signatures } = await account.call('crypto.sign', {
    filter: filterOf(reference),
    mechanism: { name: kind === 'rsa' ? 'rsa-pkcs' : 'ecdsa', hash, input: 'raw' },
    data: [data],
  })
  return signatures[0] ?? Buffer.alloc(0)
}

/** The key may not be used for it: then there is no certificate. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'key-selection',
  'key-function',
  'key-type',
  'not-permitted',
  'not-owner',
  'mechanism-refused',
  'revoked',
])

function unlessRefused(error: unknown): undefined {
  if (error instanceof HsmError && REFUSALS.has(error.code)) return undefined
  throw error
}
