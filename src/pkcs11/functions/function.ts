/** The shape of the functions: PKCS#11's arguments in their order, without the pointers that the results say for themselves. */
import type { MaybePromise } from '../../base/maybe-promise.ts'
import type { Application } from '../application.ts'
import { attributeName, CKA } from '../cryptoki/objects.ts'
import { CKR } from '../cryptoki/returns.ts'
import { refuse } from '../errors.ts'
import type { CallerMechanism } from '../mechanisms/parameters.ts'
import type { Template } from '../objects/template.ts'
import { type Attribute, templateOf } from '../rpc/attributes.ts'
import type { CallName } from '../rpc/calls.ts'
import type { CallArguments, CallResults } from '../rpc/requests.ts'

/** These begin and end the application itself. */
export type FunctionName = Exclude<CallName, 'C_Initialize' | 'C_Finalize' | 'Resume'>

/** By their names; a call without a result gives an empty list. */
export type Functions = {
  readonly [N in FunctionName]: (
    application: Application,
    ...given: CallArguments<N>
  ) => MaybePromise<CallResults<N>>
}

/** What a NULL pointer to data stands for. */
export const EMPTY: Buffer = Buffer.alloc(0)

/** Throws CKR_ATTRIBUTE_VALUE_INVALID for an attribute without a value, and for one that is there twice. */
export function templateFrom(attributes: readonly Attribute[]): Template {
  const template = templateOf(attributes) ?? refuse(CKR.ATTRIBUTE_VALUE_INVALID, faultIn(attributes))
  const label = template.get(CKA.LABEL)
  return Buffer.isBuffer(label) ? new Map(template).set(CKA.LABEL, withoutEnd(label)) : template
}

/** Why they are no template. */
function faultIn(attributes: readonly Attribute[]): string {
  const bad = attributes.find(
    ({ type, value }, index) =>
      value === null || attributes.findIndex((other) => other.type === type) < index,
  )
  const name = attributeName(bad?.type ?? CKA.CLASS)
  return bad?.value === null ? `${name} has no value, or one of the wrong length` : `${name} is there twice`
}

/** Many programs count the zero at the end of a C string (`sizeof "label"`), or a whole array of which the rest is zeros. */
function withoutEnd(text: Buffer): Buffer {
  let length = text.length
  while (length > 0 && text[length - 1] === 0) length -= 1
  return text.subarray(0, length)
}

/** Throws CKR_ARGUMENTS_BAD where NULL has no meaning. */
export const mechanismFrom = (mechanism: CallerMechanism | null): CallerMechanism =>
  mechanism ?? refuse(CKR.ARGUMENTS_BAD)
