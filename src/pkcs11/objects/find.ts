/** C_FindObjects… (PKCS#11 v2.40 §5.7): a snapshot is taken when the search begins. */
import type { KeyObject } from '../../contract/key-object.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Application } from '../application.ts'
import { CKA, CKO } from '../cryptoki/objects.ts'
import { handleOf } from '../handles.ts'
import { activeOne, noneActive } from '../operations/steps.ts'
import type { Session } from '../sessions.ts'
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

async function search(application: Application, template: Template): Promise<number[]> {
  const wanted = template.get(CKA.CLASS)
  const keys = wanted === CKO.CERTIFICATE ? [] : await findKeys(application, template)
  const certificates =
    wanted === undefined || wanted === CKO.CERTIFICATE ? await findCertificates(application, template) : []
  return [...keys, ...certificates]
}

async function findKeys({ account }: Application, template: Template): Promise<number[]> {
  const search = searchOf(template)
  if (!search) return []
  const { matched_keys: keys } = await account.call('key.list', {
    filter: [...search.filter],
    verbose: !search.exact,
    'max-items': LIMITS.pageItems,
  })
  const matching = search.exact
    ? keys
    : (keys as readonly KeyObject[]).filter((key) => matches({ kind: 'key', key }, template))
  return matching.map((key) => handleOf(key['key-reference']))
}

async function findCertificates({ account }: Application, template: Template): Promise<number[]> {
  const { certificates } = await account.call('certificate.list', {})
  return certificates
    .filter((certificate) => matches({ kind: 'certificate', certificate }, template))
    .map(({ reference }) => handleOf(reference))
}

function matches(seen: Seen, template: Template): boolean {
  for (const [type, wanted] of template) {
    const value = attributeOf(seen, type)
    if (value === undefined || wanted instanceof Map || !sameValue(value, wanted as typeof value))
      return false
  }
  return true
}
