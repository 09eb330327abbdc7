import * as v from 'valibot'
import { LIMITS } from './limits.ts'

/** `*` is any text, `?` any one character, and a backslash takes the character behind it as it is. */
export const labelGlob = v.pipe(
  v.string(),
  v.nonEmpty('label-glob is empty: keys without a label are those of the filter attr.label='),
  v.maxLength(LIMITS.labelGlobLength, `label-glob must be at most ${LIMITS.labelGlobLength} characters`),
  v.check(
    (pattern) => tokensOf(pattern).at(-1) !== NOTHING,
    'label-glob must not end with a backslash that takes nothing as it is',
  ),
)

/** Behind a backslash at the end. */
const NOTHING = ''
const TEXT = Symbol('*')
const CHARACTER = Symbol('?')
type Token = typeof TEXT | typeof CHARACTER | string

/**
 * Tells whether a whole label fits the pattern. Only the last `*` is ever tried again, so the steps are at most the
 * length of the label times that of the pattern, and both are limited.
 */
export function globMatcher(pattern: string): (label: string) => boolean {
  const tokens = tokensOf(pattern)
  return (label) => fits(tokens, label)
}

function tokensOf(pattern: string): readonly Token[] {
  const tokens: Token[] = []
  const characters = [...pattern]
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at] ?? ''
    if (character === '\\') tokens.push(characters[++at] ?? NOTHING)
    else if (character === '*') tokens.push(TEXT)
    else tokens.push(character === '?' ? CHARACTER : character)
  }
  return tokens
}

function fits(tokens: readonly Token[], label: string): boolean {
  let [at, next] = [0, 0]
  /** Behind the last `*`: the token, and where in the label it was tried. */
  let again: { token: number; at: number } | undefined
  while (at < label.length) {
    const token = tokens[next]
    const width = token === TEXT ? 0 : taken(token, label, at)
    if (width !== undefined) {
      next += 1
      at += width
      if (token === TEXT) again = { token: next, at }
    } else if (again) {
      again.at += widthAt(label, again.at)
      next = again.token
      at = again.at
    } else return false
  }
  return tokens.slice(next).every((token) => token === TEXT)
}

/** How much of the label the token takes; undefined when it does not fit there. */
function taken(token: Token | undefined, label: string, at: number): number | undefined {
  if (token === CHARACTER) return widthAt(label, at)
  return typeof token === 'string' && label.startsWith(token, at) ? token.length : undefined
}

/** Of one character, which outside the Basic Multilingual Plane is two code units. */
const widthAt = (label: string, at: number): number => ((label.codePointAt(at) ?? 0) > 0xffff ? 2 : 1)
