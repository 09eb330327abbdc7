/** C_CopyObject and C_DestroyObject (PKCS#11 v2.40 §5.7). */
import type { FlagName, NewAttributes } from '../../contract/attributes.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { type Application, destroy, filterOf, signedIn } from '../application.ts'
import { CKA } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { meaning, refuse } from '../errors.ts'
import { flagName } from './flags.ts'
import { classHas, keyClassOf } from './key-attributes.ts'
import { handleOfKey } from './make.ts'
import { labelIn, namesIn, templatesIn } from './new-key.ts'
import { isTokenObject, look } from './seen.ts'
import { flagIn, type Template } from './template.ts'

/** What the template does not name is as in the original. Certificates are not copied. */
export async function copyObject(
  application: Application,
  handle: number,
  object: number,
  template: Template,
): Promise<number> {
  const session = signedIn(application, handle)
  const seen = await look(application, object)
  if (seen.kind === 'certificate') return refuse(CKR.ACTION_PROHIBITED)
  const token = flagIn(template, CKA.TOKEN) ?? isTokenObject(seen)
  if (token && !session.readWrite) refuse(CKR.SESSION_READ_ONLY)
  const label = labelIn(template)
  const { key } = await meaning(
    { 'key-selection': CKR.OBJECT_HANDLE_INVALID },
    application.account.call('key.copy', {
      filter: filterOf(seen.key['key-reference']),
      ...(label !== undefined && { label }),
      session: !token,
      attributes: attributesOf(seen.key, template),
    }),
  )
  return handleOfKey(application, session, key, templatesIn(template))
}

const OTHERS: ReadonlySet<number> = new Set([
  CKA.TOKEN,
  CKA.LABEL,
  CKA.ID,
  CKA.WRAP_TEMPLATE,
  CKA.UNWRAP_TEMPLATE,
])

function attributesOf(key: KeyObject, template: Template): NewAttributes {
  const flags: Partial<Record<FlagName, boolean>> = {}
  for (const type of template.keys()) {
    if (OTHERS.has(type)) continue
    if (!classHas(keyClassOf(key), type)) refuse(CKR.ATTRIBUTE_TYPE_INVALID)
    if (type === CKA.SUBJECT) continue
    const name = flagName(type) ?? refuse(CKR.ATTRIBUTE_READ_ONLY)
    const value = flagIn(template, type)
    if (value !== undefined) flags[name] = value
  }
  return { ...flags, ...namesIn(template) }
}

/** C_DestroyObject */
export async function destroyObject(application: Application, handle: number, object: number): Promise<void> {
  const { account, handles } = application
  const session = signedIn(application, handle)
  const reference = handles.get(object) ?? refuse(CKR.OBJECT_HANDLE_INVALID)
  if (!session.readWrite && isTokenObject(await look(application, object))) refuse(CKR.SESSION_READ_ONLY)
  await destroy(account, reference)
  handles.forget(object)
  for (const { own } of application.sessions.all()) own.delete(reference.reference)
}
