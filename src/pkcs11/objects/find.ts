/** C_FindObjects… (PKCS#11 v2.40 §5.7): a snapshot is taken when the search begins. */
import type { KeyObject } from '../../contract/key-object.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Application } from '../application.ts'
import { CKA, CKO } from '../cryptoki/objects.ts'
import { handleOf } from '../handles.ts'
import { activeOne, noneActive } from '../operations/steps.ts'
import type { Session } from '../sessions.ts'
import { notShown } from './carried.ts'
import { searchOf } from './search.ts'
import { attributeOf, type Seen } from './seen.ts'
import type { Template } from './template.ts'
import { sameValue } from './value.ts'

/** C_FindObjectsInit. Before login there is nothing to be found. */
export async function init(application: Application, handle: number, template: Template): Promise<void> {
  const { account, sessions } = application
  const session = sessions.get(handle)
  noneActive(session, 'find')
  const found = account.loggedIn() ? await search(application, template) : []
  session.active.find = { handles: found, next: 0 }
}

/** C_FindObjects */
export function next(session: Session, most: number): number[] {
  const found = activeOne(session, 'find')
  const some = found.handles.slice(found.next, found.next + most)
  found.next += some.length
  return some
}

/** C_FindObjectsFinal */
export function final(session: Session): void {
  activeOne(session, 'find')
  delete session.active.find
}

/** Handles of what was found, by whose it is. */
type ByStanding = { readonly own: number[]; readonly shared: number[]; readonly others: number[] }

const NOTHING: ByStanding = { own: [], shared: [], others: [] }

/**
 * Own objects, then those shared with the user, then others' (public keys and certificates): most programs take the first
 * that has the right label or id. Keys come before certificates, and older ones before newer.
 */
async function search(application: Application, template: Template): Promise<number[]> {
  const wanted = template.get(CKA.CLASS)
  const keys = wanted === CKO.CERTIFICATE ? NOTHING : await findKeys(application, template)
  const hasCertificates = wanted === undefined || wanted === CKO.CERTIFICATE
  const certificates = hasCertificates ? await findCertificates(application, template) : NOTHING
  return [...keys.own, ...certificates.own, ...keys.shared, ...keys.others, ...certificates.others]
}

async function findKeys({ account, offered }: Application, template: Template): Promise<ByStanding> {
  const search = searchOf(template)
  if (!search) return NOTHING
  const { matched_keys: keys, standing } = await account.call('key.list', {
    filter: [...search.filter],
    without: [...notShown(offered, template)],
    verbose: !search.exact,
    'max-items': LIMITS.pageItems,
    'nearest-first': true,
  })
  const { own = 0, shared = 0 } = standing ?? {}
  const matching = (some: typeof keys) =>
    (search.exact
      ? some
      : (some as readonly KeyObject[]).filter((key) => matches({ kind: 'key', key }, template))
    ).map((key) => handleOf(key['key-reference']))
  return {
    own: matching(keys.slice(0, own)),
    shared: matching(keys.slice(own, own + shared)),
    others: matching(keys.slice(own + shared)),
  }
}

async function findCertificates({ account }: Application, template: Template): Promise<ByStanding> {
  const { certificates } = await account.call('certificate.list', {})
  const found = certificates.filter((certificate) => matches({ kind: 'certificate', certificate }, template))
  const matching = (own: boolean) =>
    found.filter((certificate) => certificate.own === own).map(({ reference }) => handleOf(reference))
  return { own: matching(true), shared: [], others: matching(false) }
}

function matches(seen: Seen, template: Template): boolean {
  for (const [type, wanted] of template) {
    const value = attributeOf(seen, type)
    if (value === undefined || wanted instanceof Map || !sameValue(value, wanted as typeof value))
      return false
  }
  return true
}
