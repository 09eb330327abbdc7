/** Really doing with a key everything that `key.describe` speaks of, to see what the HSM lets each user do. */
import { HsmError } from '../../../src/contract/errors.ts'
import type { OperationName, Request } from '../../../src/contract/operations.ts'
import {
  CIPHER_FORMS,
  DERIVATION_FORMS,
  SIGNING_FORMS,
  WRAPPING_FORMS,
} from '../../../src/policy/key-rights/mechanisms.ts'
import type { KeyOperation } from '../../../src/policy/key-rights/rules.ts'
import { type Person, reference, type World } from '../../support/world.ts'

/** What makes attempts possible: keys of each user's own, and a user to share with who does not log in. */
export type Means = {
  readonly world: World
  /** By person: a key that anything can wrap, and a trusted and an untrusted wrapping key. */
  readonly payload: ReadonlyMap<Person, string>
  readonly trusted: ReadonlyMap<Person, string>
  readonly untrusted: ReadonlyMap<Person, string>
  /** Base64. */
  readonly publicPoint: string
  /** Of a clone with the policy trusted-wrapping, and of one without it. */
  readonly challenges: Readonly<Record<'trusted' | 'untrusted', Uint8Array>>
  readonly bystander: string
}

/** What was allowed: names of mechanisms, `yes` where there are none; nothing where all of it was refused. */
export type Allowed = ReadonlySet<string>

/** The request was let through by the rules, whatever became of it. */
const LET_THROUGH = ['decryption-failed', 'unwrap-failed', 'signature-invalid', 'invalid-data']

const zeros = (bytes: number) => Buffer.alloc(bytes).toString('base64')
const EXACT: Readonly<Record<string, number>> = {
  'ecdsa-prehashed': 32,
  'rsa-x509': 100,
  'rsa-pkcs-unhashed': 32,
}

export function attempts(means: Means, who: Person, key: string) {
  const { world } = means
  const filter = reference(key)

  async function isAllowed<K extends OperationName>(operation: K, request: Request<K>): Promise<boolean> {
    try {
      await world.as(who, operation, request)
      return true
    } catch (error) {
      return error instanceof HsmError && LET_THROUGH.includes(error.code)
    }
  }

  async function allowedOf<M extends { readonly name: string }>(
    mechanisms: readonly M[],
    attempt: (mechanism: M) => Promise<boolean>,
  ): Promise<Allowed> {
    const allowed = new Set<string>()
    for (const mechanism of mechanisms) if (await attempt(mechanism)) allowed.add(mechanism.name)
    return allowed
  }

  const trying = async (attempt: (kind: 'trusted' | 'untrusted') => Promise<boolean>): Promise<Allowed> => {
    const allowed = new Set<string>()
    for (const kind of ['trusted', 'untrusted'] as const) if (await attempt(kind)) allowed.add(kind)
    return allowed
  }

  const yes = async (attempt: Promise<boolean>): Promise<Allowed> => new Set((await attempt) ? ['yes'] : [])
  const data = (name: string) => [zeros(EXACT[name] ?? 16)]
  const ciphers = CIPHER_FORMS.map((cipher) => ({
    ...cipher,
    ...('iv' in cipher && { iv: zeros(cipher.name.startsWith('des3') ? 8 : 16) }),
    ...('counter-block' in cipher && { 'counter-block': zeros(16) }),
  }))
  const wrappings = WRAPPING_FORMS.map((mechanism) => ({
    ...mechanism,
    ...('iv' in mechanism && { iv: zeros(12) }),
  }))
  const whom = { filter, usernames: [means.bystander], role: 'crypto-user' as const }

  return {
    sign: () =>
      allowedOf(SIGNING_FORMS, (mechanism) =>
        isAllowed('crypto.sign', { filter, mechanism, data: data(mechanism.name) }),
      ),
    verify: () =>
      allowedOf(SIGNING_FORMS, (mechanism) =>
        isAllowed('crypto.verify', {
          filter,
          mechanism,
          data: data(mechanism.name),
          signatures: [zeros(64)],
        }),
      ),
    encrypt: () =>
      allowedOf(ciphers, (cipher) =>
        isAllowed('crypto.encrypt', { filter, cipher, data: data(cipher.name) }),
      ),
    decrypt: () =>
      allowedOf(ciphers, (cipher) =>
        isAllowed('crypto.decrypt', {
          filter,
          cipher: cipher.name === 'aes-gcm' ? { ...cipher, iv: zeros(12) } : cipher,
          data: [zeros(32)],
        }),
      ),
    wrap: () =>
      allowedOf(wrappings, (mechanism) =>
        isAllowed('key.wrap', {
          'payload-filter': reference(means.payload.get(who) ?? ''),
          'wrapping-filter': filter,
          mechanism,
        }),
      ),
    unwrap: () =>
      allowedOf(wrappings, (mechanism) =>
        isAllowed('key.unwrap', {
          filter,
          mechanism: mechanism.name === 'aes-gcm' ? { ...mechanism, iv: zeros(12) } : mechanism,
          'wrapped-key': zeros(32),
          'key-type-class': 'aes',
          label: 'junk',
        }),
      ),
    derive: () =>
      allowedOf(DERIVATION_FORMS, (mechanism) =>
        isAllowed('key.derive', {
          filter,
          mechanism:
            mechanism.name === 'ecdh' ? { ...mechanism, 'public-point': means.publicPoint } : mechanism,
          'key-type': 'generic-secret',
          'key-length-bytes': 28,
          label: 'junk',
        }),
      ),
    export: () =>
      trying((kind) =>
        isAllowed('key.wrap', {
          'payload-filter': filter,
          'wrapping-filter': reference(means[kind].get(who) ?? ''),
          mechanism: { name: 'aes-zero-pad' },
        }),
      ),
    replicate: () =>
      trying((kind) => isAllowed('key.export-replica', { filter, challenge: means.challenges[kind] })),
    'show-value': () => yes(isAllowed('key.export-value', { filter })),
    'read-public': () => yes(isAllowed('key.export-public', { filter })),
    copy: () => yes(isAllowed('key.copy', { filter, label: 'junk' })),
    share: () => yes(isAllowed('key.share', whom)),
    unshare: () => yes(isAllowed('key.unshare', whom)),
    set: (attribute: string, value: boolean | string) =>
      isAllowed('key.set-attribute', { filter, attributes: { [attribute]: value } }),
    delete: () => yes(isAllowed('key.delete', { filter })),
  } satisfies Record<Exclude<KeyOperation, 'set-attribute'> | 'set', unknown>
}
