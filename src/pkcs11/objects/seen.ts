/** Objects as the HSM shows them at this moment. */
import type { CertificateObject } from '../../contract/certificates.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { type Application, filterOf } from '../application.ts'
import { CKA } from '../cryptoki/objects.ts'
import { CKR, type ReturnValue } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { certificateAttribute } from './certificate.ts'
import { isSecretPart, keyAttribute } from './key-attributes.ts'
import type { Value } from './value.ts'

export type Seen =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | { readonly kind: 'certificate'; readonly certificate: CertificateObject }

/** @param otherwise thrown for one that is not there for this user, or not any more */
export async function look(
  { account, handles }: Application,
  handle: number,
  otherwise: ReturnValue = CKR.OBJECT_HANDLE_INVALID,
): Promise<Seen> {
  const object = handles.get(handle) ?? refuse(otherwise)
  if (object.kind === 'key') {
    const { matched_keys: keys } = await account.call('key.list', {
      filter: filterOf(object.reference),
      verbose: true,
    })
    const [key] = keys as readonly KeyObject[]
    return key ? { kind: 'key', key } : refuse(otherwise)
  }
  const { certificates } = await account.call('certificate.list', { reference: object.reference })
  const [certificate] = certificates
  return certificate ? { kind: 'certificate', certificate } : refuse(otherwise)
}

/** @param otherwise thrown for what is not there, and for what is no key */
export async function lookAtKey(
  application: Application,
  handle: number,
  otherwise: ReturnValue,
): Promise<KeyObject> {
  if (application.handles.get(handle)?.kind !== 'key') refuse(otherwise)
  const seen = await look(application, handle, otherwise)
  return seen.kind === 'key' ? seen.key : refuse(otherwise)
}

/** An attribute that everyone may see who sees the object; undefined when the object has no such attribute. */
export const attributeOf = (seen: Seen, type: number): Value | undefined =>
  seen.kind === 'key' ? keyAttribute(seen.key, type) : certificateAttribute(seen.certificate, type)

export const isSecret = (seen: Seen, type: number): boolean =>
  seen.kind === 'key' && isSecretPart(seen.key, type)

export const isTokenObject = (seen: Seen): boolean => attributeOf(seen, CKA.TOKEN) === true
