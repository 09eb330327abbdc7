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
import { keysFit } from './capacity.ts'
import { all, allow, type Decision, deny } from './decision.ts'
import type { About } from './facts.ts'
import { changeFits } from './hsm-profile/attributes.ts'
import { keyAvailable } from './key-availability.ts'
import { owns } from './key-visibility.ts'
import { possible } from './new-key-flags.ts'
import { mayChange } from './trusted-wrapping/changes.ts'

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

type Values = Readonly<Record<string, AttributeValue>>

/** The key with all of these attributes changed, if every change is allowed by itself and together. */
export function maySetAttributes(
  {
    actor,
    key: before,
    cluster,
    circumstances,
    room,
  }: About<'actor' | 'key' | 'cluster' | 'circumstances' | 'room'>,
  { attributes }: { readonly attributes: Values },
): Decision<KeyRecord> {
  const decision = setAll(actor, before, attributes)
  if (!decision.allow) return decision
  const after = decision.result
  if (after === before) return decision
  const fits = all(changeFits(cluster, before, after), mayChange(cluster, before, after))
  // A session key that becomes a token key takes a place in the store.
  const isMoved = after.flags.token && !before.flags.token
  const place = isMoved ? all(keysFit(room, [after]), keyAvailable(circumstances, true)) : fits
  return all(fits, place, allow(after, { put: after }))
}

/** One after another; that a key becomes unmodifiable comes last, so that it does not get in the way of the others. */
function setAll(actor: Actor, key: KeyRecord, { modifiable, ...others }: Values): Decision<KeyRecord> {
  const entries = Object.entries(others)
  if (modifiable !== undefined) entries.push(['modifiable', modifiable])
  let decision: Decision<KeyRecord> = allow(key)
  for (const [name, value] of entries) {
    if (decision.allow) decision = setAttribute(actor, decision.result, name, value)
  }
  return decision
}

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
  if (!owns(actor, key)) return deny('not-owner')
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
