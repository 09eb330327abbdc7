import {
  type AttributeValue,
  attributeKind,
  checkText,
  FLAG_NAMES,
  type FlagName,
  unknownAttribute,
} from '../contract/attributes.ts'
import { attributeOf } from '../model/key-attributes.ts'
import type { KeyRecord } from '../model/records.ts'
import type { Actor } from './actor.ts'
import { refusal } from './attribute-refusal.ts'
import { allow, type Decision, deny } from './decision.ts'
import { possible } from './new-key-flags.ts'

type Rule = 'free' | 'only-true' | 'only-false' | 'never'

/** In which direction `key set-attribute` may turn a flag: `trusted` for admins, the others for the owner. */
const RULES: Readonly<Record<FlagName, Rule>> = {
  encrypt: 'free',
  decrypt: 'free',
  token: 'only-true',
  'always-sensitive': 'never',
  derive: 'free',
  destroyable: 'free',
  extractable: 'only-false',
  local: 'never',
  modifiable: 'only-false',
  'never-extractable': 'never',
  private: 'never',
  sensitive: 'never',
  sign: 'free',
  trusted: 'free',
  unwrap: 'free',
  verify: 'free',
  wrap: 'free',
  'wrap-with-trusted': 'only-true',
}

const isFlag = (name: string): name is FlagName => (FLAG_NAMES as readonly string[]).includes(name)

/**
 * The key with one attribute changed. The owner changes anything but `trusted`, in the directions above and only while
 * the key is modifiable; an admin changes `trusted` of any key and nothing else. A value that is already in place
 * stays and is no error.
 */
export function setAttribute(
  actor: Actor,
  key: KeyRecord,
  name: string,
  value: AttributeValue,
): Decision<KeyRecord> {
  if (attributeKind(name) === undefined)
    return deny('invalid-attribute', `Invalid attribute: ${unknownAttribute(name)}`)
  if (actor.role === 'admin')
    return name === 'trusted' ? setFlag(key, 'trusted', value) : refusal(name, value)
  if (key.owner !== actor.id) return deny('not-owner')
  if (!key.flags.modifiable) return deny('not-modifiable')
  if (name === 'trusted') return value === key.flags.trusted ? allow(key) : refusal(name, value)
  if (isFlag(name)) return setFlag(key, name, value)
  return setOther(key, name, value)
}

/** A flag of a key that may be changed at all, in the directions above. */
export function setFlag(key: KeyRecord, name: FlagName, value: AttributeValue): Decision<KeyRecord> {
  if (typeof value !== 'boolean')
    return deny('invalid-attribute', `Invalid attribute: ${name} must be true or false`)
  if (value === key.flags[name]) return allow(key)
  const rule = RULES[name]
  const fits = rule === 'free' || rule === (value ? 'only-true' : 'only-false')
  if (!fits || (value && !possible(key.keyClass, name))) return refusal(name, value)
  return allow({ ...key, flags: { ...key.flags, [name]: value } })
}

function setOther(key: KeyRecord, name: string, value: AttributeValue): Decision<KeyRecord> {
  if (name === 'wrap-template' || name === 'unwrap-template') return setTemplate(key, name, value)
  if (name === 'label' || name === 'id') return setText(key, name, value)
  return isInPlace(key, name, value) ? allow(key) : refusal(name, value)
}

function setTemplate(
  key: KeyRecord,
  name: 'wrap-template' | 'unwrap-template',
  value: AttributeValue,
): Decision<KeyRecord> {
  if (typeof value !== 'object')
    return deny('invalid-attribute', `Invalid attribute: ${name} must be a list of attributes`)
  return allow({ ...key, [name === 'wrap-template' ? 'wrapTemplate' : 'unwrapTemplate']: value })
}

function setText(key: KeyRecord, name: 'label' | 'id', value: AttributeValue): Decision<KeyRecord> {
  if (typeof value !== 'string') return deny('invalid-attribute', `Invalid attribute: ${name} must be text`)
  const text = checkText(name, value)
  return allow(name === 'label' ? { ...key, label: text } : { ...key, idAttribute: text })
}

/** Of what nobody sets; it is shown in one way only, but for the case of its letters. */
function isInPlace(key: KeyRecord, name: string, value: AttributeValue): boolean {
  const there = attributeOf(key, name)
  return there !== undefined && String(there).toLowerCase() === String(value).toLowerCase()
}
