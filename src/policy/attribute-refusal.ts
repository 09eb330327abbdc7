import type { AttributeValue } from '../contract/attributes.ts'
import { shown } from '../contract/shown.ts'
import { deny, type Refusal } from './decision.ts'

/** The one sentence for an attribute that may not get a value, at creation or later. */
export function refusal(name: string, value: AttributeValue | undefined): Refusal {
  const text =
    typeof value === 'object'
      ? Object.entries(value)
          .map((pair) => pair.join('='))
          .join(' ')
      : String(value)
  return deny(
    'attribute-refused',
    `Attribute ${shown(name)} cannot be set to the value ${shown(text)} by the user for this operation`,
  )
}
