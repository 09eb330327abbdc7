/** C_FindObjects… (PKCS#11 v2.40 §5.7): a snapshot is taken when the search begins. */
import { setImmediate } from 'node:timers/promises'
import type { CertificateObject } from '../../contract/certificates.ts'
import { HsmError } from '../../contract/errors.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Reply } from '../../contract/operations.ts'
import type { Account } from '../account.ts'
import type { Application } from '../application.ts'
import { CKA, CKO } from '../cryptoki/objects.ts'
import { handleOf, keyCertificateHandle } from '../handles.ts'
import { activeOne, noneActive } from '../operations/steps.ts'
import type { Session } from '../sessions.ts'
import { notShown } from './carried.ts'
import { certificatesOnDemand, keyOf } from './certificates-on-demand.ts'
import { searchOf } from './search.ts'
import { attributeOf, type Seen } from './seen.ts'
import type { Template } from './template.ts'
import { sameValue } from './value.ts'

/** C_FindObjectsInit. Before login there are certificates to be found, if the HSM shows them to anyone. */
export async function init(application: Application, handle: number, template: Template): Promise<void> {
  const session = application.sessions.get(handle)
  noneActive(session, 'find')
  const found = await search(application, template)
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
  session.active.find = undefined
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
  return [
    ...keys.own,
    ...certificates.own,
    ...keys.shared,
    ...certificates.shared,
    ...keys.others,
    ...certificates.others,
  ]
}

async function findKeys({ account, offered }: Application, template: Template): Promise<ByStanding> {
  const search = account.loggedIn() ? searchOf(template) : undefined
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

async function findCertificates(application: Application, template: Template): Promise<ByStanding> {
  const found: { readonly [Whose in keyof ByStanding]: number[] } = { own: [], shared: [], others: [] }
  /** Whose certificates these are. */
  const stored = new Set<string>()
  for await (const certificate of certificatesOf(application.account)) {
    if (application.keyCertificates) stored.add(keyOf({ kind: 'certificate', certificate }))
    if (matches({ kind: 'certificate', certificate }, template))
      found[certificate.own ? 'own' : 'others'].push(handleOf(certificate.reference))
  }
  const onDemand = await certificatesOnDemand(application, template, stored)
  for (const { certificate, keyReference } of onDemand.filter((seen) => matches(seen, template)))
    found[certificate.own ? 'own' : 'shared'].push(keyCertificateHandle(keyReference))
  return found
}

/** Page by page; others get their turn in between. */
async function* certificatesOf(account: Account): AsyncGenerator<CertificateObject> {
  let token: string | undefined
  do {
    if (token !== undefined) await setImmediate()
    const page = await listed(account, token)
    yield* page.certificates
    token = page.next_token
  } while (token !== undefined)
}

/** None where they are not shown without a login. */
async function listed(account: Account, token: string | undefined): Promise<Reply<'certificate.list'>> {
  try {
    return await account.callAsAnyone(
      'certificate.list',
      token === undefined ? {} : { 'starting-token': token },
    )
  } catch (error) {
    const hidden = error instanceof HsmError && error.code === 'not-logged-in' && !account.loggedIn()
    if (hidden) return { certificates: [] }
    throw error
  }
}

function matches(seen: Seen, template: Template): boolean {
  for (const [type, wanted] of template) {
    const value = attributeOf(seen, type)
    if (value === undefined || wanted instanceof Map || !sameValue(value, wanted as typeof value))
      return false
  }
  return true
}
