/** What a search finds of the certificates that are made on demand. */
import type { KeyObject } from '../../contract/key-object.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Application } from '../application.ts'
import { BOUNDS } from '../bounds.ts'
import { CKA, CKO } from '../cryptoki/objects.ts'
import { searchOf } from './search.ts'
import { attributeOf, keyCertificate, type Seen } from './seen.ts'
import type { Template } from './template.ts'

type KeyCertificate = Extract<Seen, { kind: 'key-certificate' }>

/** Same for a key and for its certificate: its id and its public key. Whose the certificate is does not matter. */
export const keyOf = (seen: Seen): string =>
  [CKA.ID, CKA.PUBLIC_KEY_INFO]
    .map((type) => attributeOf(seen, type))
    .map((bytes) => (Buffer.isBuffer(bytes) ? bytes.toString('base64') : ''))
    .join(' ')

/** What a search for certificates and one for their keys have in common. */
const IN_COMMON: readonly number[] = [CKA.LABEL, CKA.ID]

/**
 * For private keys that sign and have an id and no certificate: of several with one id for the first, which is the one that programs
 * find by it.
 *
 * @param stored `keyOf` the certificates that there are
 */
export async function certificatesOnDemand(
  application: Application,
  template: Template,
  stored: ReadonlySet<string>,
): Promise<readonly KeyCertificate[]> {
  const made: KeyCertificate[] = []
  if (!application.keyCertificates || !application.account.loggedIn()) return made
  const ids = new Set<string>()
  for (const key of await privateKeys(application, template)) {
    const id = String(key.attributes['id'])
    if (made.length === BOUNDS.keyCertificates) break
    if (ids.has(id) || stored.has(keyOf({ kind: 'key', key }))) continue
    const seen = await keyCertificate(application, key['key-reference'], key)
    if (!seen) continue
    ids.add(id)
    made.push(seen)
  }
  return made
}

/** Those whose certificates the search may be for. */
async function privateKeys({ account }: Application, template: Template): Promise<readonly KeyObject[]> {
  const ofKeys = new Map([...template].filter(([type]) => IN_COMMON.includes(type)))
  const search = searchOf(ofKeys.set(CKA.CLASS, CKO.PRIVATE_KEY))
  if (!search) return []
  const { matched_keys: keys } = await account.call('key.list', {
    filter: [...search.filter],
    verbose: true,
    'max-items': LIMITS.pageItems,
    'nearest-first': true,
  })
  return keys as readonly KeyObject[]
}
