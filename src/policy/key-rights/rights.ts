/** What a user can do with a key and why: not rules of their own, but what the rules say when they are asked. */
import { ERRORS } from '../../contract/errors.ts'
import { OPERATIONS } from '../../contract/operations.ts'
import { mayAsk } from '../access.ts'
import { allow, type Decision, deny, type Refusal } from '../decision.ts'
import { sees } from '../key-visibility.ts'
import { type Case, type KeyOperation, RULES, type Way } from './rules.ts'

export type Right = {
  readonly operation: KeyOperation
  /** Names of the mechanisms with which it is allowed. */
  readonly mechanisms?: string[]
  /** Names of the attributes that can be set. */
  readonly attributes?: string[]
  /** Why some ways of doing it are refused although others are not. */
  readonly limits?: string[]
}

/** Why something is refused: in one sentence. */
type Refused = { readonly operation: KeyOperation; readonly reason: string }

export type Rights = {
  /** What the user is to the key: why all that is allowed is. */
  readonly standing: string
  readonly allowed: readonly Right[]
  readonly refused: readonly Refused[]
}

/** Asks every rule of `RULES`. */
export function rightsOf(of: Case): Rights {
  const rights = (Object.keys(RULES) as KeyOperation[]).map((operation) => rightTo(operation, of))
  return {
    standing: standing(of),
    allowed: rights.filter((right) => !isRefused(right)),
    refused: rights.filter(isRefused),
  }
}

const isRefused = (right: Right | Refused): right is Refused => 'reason' in right

function rightTo(operation: KeyOperation, of: Case): Right | Refused {
  const { asks, ways } = RULES[operation]
  const barred = [mayAsk(of.actor, OPERATIONS[asks].access), isThere(of)].find(isRefusal)
  if (barred) return { operation, reason: reasonOf(barred) }
  const tried: readonly Way[] = ways(of)
  const allowed = tried.filter(({ decision }) => decision.allow)
  const refusals = tried.map(({ decision }) => decision).filter(isRefusal)
  if (allowed.length === 0) return { operation, reason: mostTelling(operation, of, refusals) }
  const mechanisms = distinct(allowed.flatMap(({ mechanism = [] }) => mechanism))
  const attributes = distinct(allowed.flatMap(({ attribute = [] }) => attribute))
  const limits = attributes.length > 0 ? [] : distinct(refusals.filter(isOfThisKey).map(reasonOf))
  return {
    operation,
    ...(mechanisms.length > 0 && { mechanisms }),
    ...(attributes.length > 0 && { attributes }),
    ...(limits.length > 0 && { limits }),
  }
}

/** Session keys are there in one login alone, which is one of the owner. */
function isThere({ actor, key }: Case): Decision<void> {
  if (!key.flags.token && actor.id !== key.owner) {
    return deny('key-selection', 'The key is there only for the login that made it')
  }
  return sees(actor, key)
    ? allow(undefined)
    : deny('key-selection', 'The key is there only for its owner and the users it is shared with')
}

function standing(of: Case): string {
  const { actor, key } = of
  const there = isThere(of)
  if (!there.allow) return reasonOf(there)
  if (actor.role === 'admin')
    return 'Admins see reference and label of every key, replicate keys, and decide which are trusted'
  if (key.owner === actor.id) return 'The user owns the key'
  return key.sharedWith.includes(actor.id)
    ? 'The key is shared with the user'
    : 'Every crypto user can use and read a public key'
}

/** That mechanisms are for other keys says little, if there is anything else to say. */
function mostTelling(operation: KeyOperation, { key }: Case, refusals: readonly Refusal[]): string {
  const telling = refusals.find(isOfThisKey)
  if (telling) return reasonOf(telling)
  const [reason = '', ...others] = distinct(refusals.map(reasonOf))
  return others.length === 0
    ? reason
    : `No mechanism to ${operation} takes a ${key.keyClass} of type ${key.keyType}`
}

const isRefusal = (decision: Decision<unknown>): decision is Refusal => !decision.allow
const isOfThisKey = ({ code }: Refusal): boolean => code !== 'key-type'
const reasonOf = ({ code, why }: Refusal): string => why ?? ERRORS[code].text
const distinct = (texts: readonly string[]): string[] => [...new Set(texts)]
