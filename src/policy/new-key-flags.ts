import {
  FLAG_NAMES,
  type FlagName,
  type Flags,
  type KeyClass,
  type NewAttributes,
  type Template,
} from '../contract/attributes.ts'
import { refusal } from './attribute-refusal.ts'
import { allow, type Decision, deny } from './decision.ts'

/** What keys are for. */
const USES = [
  'encrypt',
  'decrypt',
  'sign',
  'verify',
  'wrap',
  'unwrap',
  'derive',
] as const satisfies readonly FlagName[]

/** Of a key that is for nothing. */
export const UNUSED: Template = Object.fromEntries(USES.map((name) => [name, false]))

/** Flags that whoever makes a key may choose, whatever its class; the others follow from the command. */
const CHOSEN: ReadonlySet<FlagName> = new Set<FlagName>([
  ...USES,
  'token',
  'private',
  'modifiable',
  'destroyable',
  'extractable',
  'sensitive',
  'wrap-with-trusted',
])

/** What a class of key can never have. */
const IMPOSSIBLE: Readonly<Record<KeyClass, readonly FlagName[]>> = {
  'secret-key': [],
  'public-key': ['sensitive', 'unwrap', 'derive'],
  'private-key': ['wrap'],
}

/** Flags of a key of that class when nothing is said about them. A new pair can do nothing until it is given a use. */
function defaults(keyClass: KeyClass): Flags {
  return {
    encrypt: false,
    decrypt: false,
    token: true,
    'always-sensitive': keyClass !== 'public-key',
    derive: false,
    destroyable: true,
    extractable: true,
    local: true,
    modifiable: true,
    'never-extractable': false,
    private: true,
    sensitive: keyClass !== 'public-key',
    sign: keyClass === 'secret-key',
    trusted: false,
    unwrap: false,
    verify: keyClass === 'secret-key',
    wrap: false,
    'wrap-with-trusted': false,
  }
}

/** Whether a class of key may ever have a flag set. */
export const possible = (keyClass: KeyClass, flag: FlagName): boolean => !IMPOSSIBLE[keyClass].includes(flag)

/**
 * Where a key comes from. `local` is one generated in the HSM. Of one that comes from outside nobody can say that it has
 * always been kept secret; a derived one is as secret as what it is derived from (PKCS#11 v2.40 §4.7 and §4.9).
 */
export type Origin =
  | { readonly from: 'generated' | 'imported' | 'unwrapped' }
  | { readonly from: 'derived'; readonly base: Flags }

export const GENERATED = { from: 'generated' } as const satisfies Origin

/** What is remembered of the past of a key with these flags. */
function history(origin: Origin, { sensitive, extractable }: Flags): Partial<Flags> {
  const base = origin.from === 'derived' ? origin.base : undefined
  const kept = origin.from === 'generated'
  return {
    local: kept,
    'always-sensitive': sensitive && (base?.['always-sensitive'] ?? kept),
    'never-extractable': !extractable && (base?.['never-extractable'] ?? kept),
  }
}

/**
 * The flags of a new key.
 *
 * @param given what the caller asked for; a flag that is not the caller's to choose may be named only with the value
 *   it gets anyway
 * @param session made with `--session`, which is the same as `token=false`
 */
export function newKeyFlags(
  keyClass: KeyClass,
  given: NewAttributes,
  session: boolean,
  origin: Origin = GENERATED,
): Decision<Flags> {
  if (session && given.token)
    return deny('invalid-attribute', 'A session key cannot have the attribute token=true')
  let flags: Record<FlagName, boolean> = { ...defaults(keyClass) }
  if (session) flags.token = false
  for (const name of FLAG_NAMES) {
    const wanted = given[name]
    if (wanted === undefined || !CHOSEN.has(name)) continue
    if (wanted && !possible(keyClass, name)) return refusal(name, wanted)
    flags[name] = wanted
  }
  flags = { ...flags, ...history(origin, flags) }
  const denied = FLAG_NAMES.find((name) => given[name] !== undefined && given[name] !== flags[name])
  return denied ? refusal(denied, given[denied]) : allow(flags)
}
