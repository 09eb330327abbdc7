/** Objects as the HSM shows them at this moment. */
import type { CertificateObject } from '../../contract/certificates.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { type Application, filterOf } from '../application.ts'
import { CKA } from '../cryptoki/objects.ts'
import { CKR, type ReturnValue } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import { keyOfCertificate, type ObjectReference, referenceOf } from '../handles.ts'
import { certificateAttribute } from './certificate.ts'
import { isSecretPart, keyAttribute } from './key-attributes.ts'
import type { Value } from './value.ts'

/** An object, and its attributes as the HSM showed them just now. */
export type Seen =
  | { readonly kind: 'key'; readonly key: KeyObject }
  | { readonly kind: 'certificate'; readonly certificate: CertificateObject }
  /** Made on demand. */
  | {
      readonly kind: 'key-certificate'
      readonly certificate: CertificateObject
      readonly keyReference: string
    }

/**
 * Throws CKR_OBJECT_HANDLE_INVALID for one that is not there for this user, or not any more. Without a login there are
 * certificates, or nothing: then it throws CKR_USER_NOT_LOGGED_IN.
 */
export async function look(application: Application, handle: number): Promise<Seen> {
  const keyReference = keyOfCertificate(handle)
  if (keyReference !== undefined)
    return (await keyCertificate(application, keyReference)) ?? refuse(CKR.OBJECT_HANDLE_INVALID)
  const reference = referenceOf(handle) ?? refuse(CKR.OBJECT_HANDLE_INVALID)
  const { account } = application
  const key = account.loggedIn() ? await keyAt(application, reference) : undefined
  if (key) return { kind: 'key', key }
  const { certificates } = await account.callAsAnyone('certificate.list', { reference })
  const [certificate] = certificates
  return certificate ? { kind: 'certificate', certificate } : refuse(CKR.OBJECT_HANDLE_INVALID)
}

/** Undefined when there is none for this user. @param key as it was just seen; left out, it is looked at */
export async function keyCertificate(
  application: Application,
  keyReference: string,
  key?: KeyObject,
): Promise<Extract<Seen, { kind: 'key-certificate' }> | undefined> {
  const { account, keyCertificates, withoutCertificate } = application
  if (!keyCertificates || withoutCertificate.has(keyReference) || !account.loggedIn()) return undefined
  const seen = key ?? (await keyAt(application, keyReference))
  const certificate = seen && (await keyCertificates.of(account, seen))
  return certificate && { kind: 'key-certificate', certificate, keyReference }
}

/** @param otherwise thrown for what is not there, and for what is no key */
export async function lookAtKey(
  application: Application,
  handle: number,
  otherwise: ReturnValue,
): Promise<KeyObject> {
  const reference = referenceOf(handle) ?? refuse(otherwise)
  return (await keyAt(application, reference)) ?? refuse(otherwise)
}

async function keyAt({ account }: Application, reference: string): Promise<KeyObject | undefined> {
  const filter = filterOf(reference)
  const { matched_keys: keys } = await account.call('key.list', { filter, verbose: true })
  return (keys as readonly KeyObject[])[0]
}

/** What its handle stands for. */
export function objectOf(seen: Seen): ObjectReference {
  switch (seen.kind) {
    case 'key':
      return { kind: 'key', reference: seen.key['key-reference'] }
    case 'certificate':
      return { kind: 'certificate', reference: seen.certificate.reference }
    case 'key-certificate':
      return { kind: 'key-certificate', reference: seen.keyReference }
  }
}

/** An attribute that everyone may see who sees the object; undefined when the object has no such attribute. */
export function attributeOf(seen: Seen, type: number): Value | undefined {
  if (seen.kind === 'key') return keyAttribute(seen.key, type)
  if (seen.kind === 'key-certificate' && type === CKA.MODIFIABLE) return false
  return certificateAttribute(seen.certificate, type)
}

/** Whether the attribute is part of what makes a key secret. */
export const isSecret = (seen: Seen, type: number): boolean =>
  seen.kind === 'key' && isSecretPart(seen.key, type)

/** CKA_TOKEN: whether it outlives its session. */
export const isTokenObject = (seen: Seen): boolean => attributeOf(seen, CKA.TOKEN) === true
