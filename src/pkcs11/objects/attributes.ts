/** C_GetAttributeValue, C_SetAttributeValue and C_GetObjectSize (PKCS#11 v2.40 §5.7). */

import type { AttributeValue } from '../../contract/attributes.ts'
import { type ErrorCode, HsmError } from '../../contract/errors.ts'
import type { KeyObject } from '../../contract/key-object.ts'
import { type Application, filterOf, signedIn } from '../application.ts'
import { BOUNDS } from '../bounds.ts'
import { attributeName, CKA } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { meaning, refuse } from '../errors.ts'
import { flagName } from './flags.ts'
import { classHas, keyClassOf } from './key-attributes.ts'
import { labelIn, namesIn, notOf, templatesIn } from './new-key.ts'
import { attributeOf, isSecret, isTokenObject, look, type Seen } from './seen.ts'
import { flagIn, type Template } from './template.ts'
import type { Value } from './value.ts'

/** What is known of one attribute that was asked for. */
export type Shown = { readonly value: Value } | Secret | 'sensitive' | 'unknown'
/** The value of a key, to be wiped when it has been shown. */
type Secret = { readonly value: Buffer; readonly secret: true }

/** In the order of `types`. Throws CKR_OBJECT_HANDLE_INVALID, and CKR_DEVICE_MEMORY for more than is answered at once. */
export async function getAttributes(
  application: Application,
  handle: number,
  object: number,
  types: readonly number[],
): Promise<readonly Shown[]> {
  application.sessions.get(handle)
  const seen = await look(application, object)
  const shown: Shown[] = []
  let bytes = 0
  try {
    for (const type of types) {
      const one = await show(application, seen, type)
      shown.push(one)
      if (typeof one === 'object' && Buffer.isBuffer(one.value)) bytes += one.value.length
      if (bytes > BOUNDS.attributesBytes) refuse(CKR.DEVICE_MEMORY)
    }
  } catch (error) {
    shown.forEach(conceal)
    throw error
  }
  return shown
}

/** It is not shown after all. */
export function conceal(shown: Shown): void {
  if (typeof shown === 'object' && 'secret' in shown) shown.value.fill(0)
}

async function show(application: Application, seen: Seen, type: number): Promise<Shown> {
  if (isSecret(seen, type)) return secretOf(application, seen)
  const value = attributeOf(seen, type)
  return value === undefined ? 'unknown' : { value }
}

/** Whether the value may be shown is for the HSM to say, where there is any chance of it. */
async function secretOf({ account }: Application, seen: Seen): Promise<Shown> {
  if (seen.kind !== 'key' || !isReadable(seen.key)) return 'sensitive'
  try {
    const { value } = await account.call('key.export-value', {
      filter: filterOf(seen.key['key-reference']),
    })
    return { value, secret: true }
  } catch (error) {
    if (error instanceof HsmError && REFUSALS.has(error.code)) return 'sensitive'
    throw error
  }
}

/** What `key.export-value` answers whoever may not see the value. */
const REFUSALS: ReadonlySet<ErrorCode> = new Set([
  'value-sensitive',
  'not-extractable',
  'not-permitted',
  'not-owner',
])

const isReadable = (key: KeyObject): boolean =>
  keyClassOf(key) === 'secret-key' &&
  key.attributes['sensitive'] === false &&
  key.attributes['extractable'] === true

/** C_SetAttributeValue: all of them or none. */
export async function setAttributes(
  application: Application,
  handle: number,
  object: number,
  template: Template,
): Promise<void> {
  const session = signedIn(application, handle)
  const seen = await look(application, object)
  if (isTokenObject(seen) && !session.readWrite) refuse(CKR.SESSION_READ_ONLY)
  if (template.size === 0) return
  if (seen.kind === 'key-certificate') refuse(CKR.ACTION_PROHIBITED)
  await (seen.kind === 'key'
    ? changeKey(application, seen.key, template)
    : changeCertificate(application, seen.certificate.reference, template))
}

const NAMES: ReadonlySet<number> = new Set([CKA.LABEL, CKA.ID, CKA.WRAP_TEMPLATE, CKA.UNWRAP_TEMPLATE])

async function changeKey({ account }: Application, key: KeyObject, template: Template): Promise<void> {
  const label = labelIn(template)
  const attributes: Record<string, AttributeValue> = {
    ...(label !== undefined && { label }),
    ...namesIn(template),
    ...templatesIn(template),
  }
  const keyClass = keyClassOf(key)
  for (const type of template.keys()) {
    if (NAMES.has(type)) continue
    if (!classHas(keyClass, type)) notOf(keyClass, type)
    if (type === CKA.SUBJECT) continue
    const name = flagName(type) ?? notOf(keyClass, type)
    attributes[name] = flagIn(template, type) ?? refuse(CKR.ATTRIBUTE_VALUE_INVALID)
  }
  await meaning(
    {
      'key-selection': CKR.OBJECT_HANDLE_INVALID,
      'invalid-request': CKR.ATTRIBUTE_VALUE_INVALID,
    },
    () => account.call('key.set-attribute', { filter: filterOf(key['key-reference']), attributes }),
  )
}

async function changeCertificate(
  { account }: Application,
  reference: string,
  template: Template,
): Promise<void> {
  for (const type of template.keys()) {
    if (type !== CKA.LABEL && type !== CKA.ID)
      refuse(CKR.ATTRIBUTE_READ_ONLY, `${attributeName(type)} of a certificate cannot be changed`)
  }
  const label = labelIn(template)
  const { id } = namesIn(template)
  await meaning({ 'certificate-not-found': CKR.OBJECT_HANDLE_INVALID }, () =>
    account.call('certificate.change', {
      reference,
      ...(label !== undefined && { label }),
      ...(id !== undefined && { id }),
    }),
  )
}
