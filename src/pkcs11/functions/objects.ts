/** Objects: made, copied, destroyed, looked at and found (PKCS#11 v2.40 §5.7). */
import { CKR } from '../cryptoki/returns.ts'
import { UNAVAILABLE } from '../cryptoki/unavailable.ts'
import { conceal, getAttributes, type Shown, setAttributes } from '../objects/attributes.ts'
import { copyObject, destroyObject } from '../objects/copy.ts'
import { createObject } from '../objects/create.ts'
import * as find from '../objects/find.ts'
import { look } from '../objects/seen.ts'
import { type Answered, lengthOf, type Wanted } from '../rpc/attributes.ts'
import { type Functions, templateFrom } from './function.ts'

export const OBJECTS = {
  async C_CreateObject(application, handle, template) {
    return [await createObject(application, handle, templateFrom(template))]
  },
  async C_CopyObject(application, handle, object, template) {
    return [await copyObject(application, handle, object, templateFrom(template))]
  },
  async C_DestroyObject(application, handle, object) {
    await destroyObject(application, handle, object)
    return []
  },
  async C_GetObjectSize(application, handle, object) {
    application.sessions.get(handle)
    await look(application, object)
    return [UNAVAILABLE]
  },
  async C_GetAttributeValue(application, handle, object, wanted) {
    const types = wanted.map(({ type }) => type)
    const shown = await getAttributes(application, handle, object, types)
    const answers = wanted.map((one, index) => answered(one, shown[index] ?? 'unknown'))
    const failed = answers.find(({ returns }) => returns !== CKR.OK)
    return [answers.map(({ attribute }) => attribute), failed?.returns ?? CKR.OK]
  },
  async C_SetAttributeValue(application, handle, object, template) {
    await setAttributes(application, handle, object, templateFrom(template))
    return []
  },
  async C_FindObjectsInit(application, handle, template) {
    await find.init(application, handle, templateFrom(template))
    return []
  },
  C_FindObjects: ({ sessions }, handle, most) => [{ numbers: find.next(sessions.get(handle), most) }],
  C_FindObjectsFinal({ sessions }, handle) {
    find.final(sessions.get(handle))
    return []
  },
} satisfies Partial<Functions>

type AttributeAnswer = { readonly attribute: Answered; readonly returns: number }

/** One attribute that cannot be shown keeps none of the others back (v2.40 §5.7, C_GetAttributeValue). */
function answered({ type, bufferBytes }: Wanted, shown: Shown): AttributeAnswer {
  const without = (returns: number): AttributeAnswer => ({ attribute: { type, value: undefined }, returns })
  if (shown === 'sensitive') return without(CKR.ATTRIBUTE_SENSITIVE)
  if (shown === 'unknown') return without(CKR.ATTRIBUTE_TYPE_INVALID)
  if (bufferBytes > 0 && lengthOf(shown.value) > bufferBytes) {
    conceal(shown)
    return without(CKR.BUFFER_TOO_SMALL)
  }
  return { attribute: { type, ...shown }, returns: CKR.OK }
}
