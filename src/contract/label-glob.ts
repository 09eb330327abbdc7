import * as v from 'valibot'
import { LIMITS } from './limits.ts'

/** `*` is any text, `?` any one character, and a backslash takes the character behind it as it is. */
export const labelGlob = v.pipe(
  v.string(),
  v.nonEmpty('label-glob is empty; keys without a label are named by their key-reference'),
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

/** Of the bit sets below. */
const WORD = 32

/**
 * Tells whether a whole label fits the pattern. How much of the pattern may have been matched so far is a set of bits, all of
 * which go on together with each character (Baeza-Yates and Gonnet's Shift-And), so that no pattern takes longer than another of
 * its length.
 */
export function globMatcher(pattern: string): (label: string) => boolean {
  const { length, stays, other, taking } = compile(tokensOf(pattern))
  const [last, lastBit] = [Math.floor(length / WORD), length % WORD]
  const state = new Uint32Array(stays.length)
  return (label) => {
    state.fill(0)
    state[0] = 1
    for (const character of label) {
      if (!advance(state, taking.get(character) ?? other, stays)) return false
    }
    return (((state[last] ?? 0) >>> lastBit) & 1) === 1
  }
}

type Compiled = {
  /** Characters of the pattern, without any `*`. */
  readonly length: number
  /** Bit n: so many characters of the pattern are followed by a `*`. */
  readonly stays: Uint32Array
  /** Bit n: the character behind so many is taken by the pattern. For each that is named in it, and for all others. */
  readonly taking: ReadonlyMap<string, Uint32Array>
  readonly other: Uint32Array
}

function compile(tokens: readonly Token[]): Compiled {
  const characters = tokens.filter((token) => token !== TEXT)
  const bits = () => new Uint32Array(Math.floor(characters.length / WORD) + 1)
  const set = (words: Uint32Array, bit: number) => {
    const word = Math.floor(bit / WORD)
    words[word] = (words[word] ?? 0) | (1 << (bit % WORD))
  }
  const stays = bits()
  let before = 0
  for (const token of tokens) {
    if (token === TEXT) set(stays, before)
    else before += 1
  }
  const other = bits()
  characters.forEach((token, at) => {
    if (token === CHARACTER) set(other, at)
  })
  const taking = new Map<string, Uint32Array>()
  characters.forEach((token, at) => {
    if (token === CHARACTER) return
    const words = taking.get(token) ?? other.slice()
    taking.set(token, words)
    set(words, at)
  })
  return { length: characters.length, stays, other, taking }
}

/** Takes one character. @returns whether anything of the pattern still fits */
function advance(state: Uint32Array, taking: Uint32Array, stays: Uint32Array): boolean {
  let carried = 0
  let alive = 0
  for (let word = 0; word < state.length; word++) {
    const before = state[word] ?? 0
    const taken = before & (taking[word] ?? 0)
    const after = (taken << 1) | carried | (before & (stays[word] ?? 0))
    carried = taken >>> (WORD - 1)
    state[word] = after
    alive |= after
  }
  return alive !== 0
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
