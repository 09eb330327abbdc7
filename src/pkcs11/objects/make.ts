/** What all ways of making an object have in common. */
import type { KeyObject } from '../../contract/key-object.ts'
import { type Application, destroy, filterOf } from '../application.ts'
import { CKA } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { handleOf, type StoredReference } from '../handles.ts'
import type { Session } from '../sessions.ts'
import type { KeyTemplates } from './new-key.ts'
import { flagIn, type Template } from './template.ts'

/** Throws CKR_SESSION_READ_ONLY when a token object is asked for in a read-only session. */
export function checkWritable(session: Session, template: Template): void {
  if (flagIn(template, CKA.TOKEN) && !session.readWrite) refuse(CKR.SESSION_READ_ONLY)
}

/** The handle of a new object. A session object is noted, so that it ends with its session. */
export function place(session: Session, object: StoredReference, token: boolean): number {
  if (!token) session.own.set(object.reference, object)
  return handleOf(object.reference)
}

/** The handle of a new key, once it has its templates; a key that cannot have them is taken back. */
export async function handleOfKey(
  application: Application,
  session: Session,
  key: KeyObject,
  templates: KeyTemplates,
): Promise<number> {
  const object = { kind: 'key', reference: key['key-reference'] } as const
  if (Object.keys(templates).length > 0) await setTemplates(application, object, templates)
  return place(session, object, key.attributes['token'] === true)
}

async function setTemplates(
  { account }: Application,
  object: StoredReference,
  templates: KeyTemplates,
): Promise<void> {
  try {
    await account.call('key.set-attribute', {
      filter: filterOf(object.reference),
      attributes: templates as Record<string, object>,
    })
  } catch (error) {
    await destroy(account, object).catch(() => undefined)
    throw error
  }
}
