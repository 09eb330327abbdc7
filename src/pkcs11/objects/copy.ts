/** C_CopyObject and C_DestroyObject (PKCS#11 v2.40 §5.7). */
import type { FlagName, NewAttributes } from '../../contract/attributes.ts'
import type { CertificateObject } from '../../contract/certificates.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { type Application, destroy, filterOf, signedIn } from '../application.ts'
import { attributeName, CKA } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { meaning, refuse } from '../errors.ts'
import type { Session } from '../sessions.ts'
import { certificateAttribute } from './certificate.ts'
import { flagName } from './flags.ts'
import { classHas, keyClassOf } from './key-attributes.ts'
import { handleOfKey, place } from './make.ts'
import { isFixed, labelIn, namesIn, notOf, templatesIn } from './new-key.ts'
import { isTokenObject, look, objectOf } from './seen.ts'
import { flagIn, type Template } from './template.ts'
import { sameValue, type Value } from './value.ts'

/** What the template does not name is as in the original. */
export async function copyObject(
  application: Application,
  handle: number,
  object: number,
  template: Template,
): Promise<number> {
  const session = signedIn(application, handle)
  const seen = await look(application, object)
  const token = flagIn(template, CKA.TOKEN) ?? isTokenObject(seen)
  if (token && !session.readWrite) refuse(CKR.SESSION_READ_ONLY)
  if (seen.kind !== 'key') return copyCertificate(application, session, seen.certificate, template, token)
  const label = labelIn(template)
  const { key } = await meaning({ 'key-selection': CKR.OBJECT_HANDLE_INVALID }, () =>
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
    if (OTHERS.has(type) || isFixed(template, type)) continue
    if (!classHas(keyClassOf(key), type)) notOf(keyClassOf(key), type)
    if (type === CKA.SUBJECT) continue
    const name = flagName(type) ?? notOf(keyClassOf(key), type)
    const value = flagIn(template, type)
    if (value !== undefined) flags[name] = value
  }
  return { ...flags, ...namesIn(template) }
}

const OF_A_COPY: ReadonlySet<number> = new Set([CKA.TOKEN, CKA.LABEL, CKA.ID])

/** The copy belongs to whoever makes it. */
async function copyCertificate(
  { account }: Application,
  session: Session,
  original: CertificateObject,
  template: Template,
  token: boolean,
): Promise<number> {
  for (const [type, value] of template) {
    if (OF_A_COPY.has(type)) continue
    const known =
      certificateAttribute(original, type) ??
      refuse(CKR.ATTRIBUTE_TYPE_INVALID, `A certificate has no ${attributeName(type)}`)
    if (value instanceof Map || !sameValue(value as Value, known))
      refuse(CKR.ATTRIBUTE_READ_ONLY, `${attributeName(type)} is that of the original`)
  }
  const { certificate } = await account.call('certificate.create', {
    label: labelIn(template) ?? original.label,
    id: namesIn(template).id ?? original.id,
    value: original.value,
    session: !token,
  })
  return place(session, { kind: 'certificate', reference: certificate.reference }, token)
}

/** C_DestroyObject */
export async function destroyObject(application: Application, handle: number, object: number): Promise<void> {
  const session = signedIn(application, handle)
  const seen = await look(application, object)
  if (!session.readWrite && isTokenObject(seen)) refuse(CKR.SESSION_READ_ONLY)
  const known = objectOf(seen)
  if (known.kind === 'key-certificate') application.withoutCertificate.add(known.reference)
  else await destroy(application.account, known)
  for (const { own } of application.sessions.all()) own.delete(known.reference)
}
