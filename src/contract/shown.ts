/**
 * Makes others' text safe for a terminal: characters that are invisible, or change how the rest is shown, become
 * escapes.
 */

/**
 * Controls, format characters such as those of bidirectional text, separators of lines, halves of surrogate pairs, and
 * whatever else Unicode says to show as nothing; not what only chooses how an emoji looks.
 */
const HIDDEN = /[[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{DI}]--[\ufe0e\ufe0f]]/gv

/** A word of the user's, short and without hidden characters, fit for an error message. */
export function shown(word: string): string {
  const clean = word.replace(HIDDEN, '\u{fffd}')
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean
}

/** Lines with `\u` escapes for hidden characters; JSON of the same value if it was JSON (RFC 8259 §7). */
export const visible = (lines: string): string =>
  lines.replace(HIDDEN, (hidden) => (hidden === '\n' ? hidden : escaped(hidden)))

/** One line of what may have been several, with escapes for line feeds, too. */
export const oneLine = (text: string): string => text.replace(HIDDEN, escaped)

const escaped = (character: string): string =>
  character
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('')

/** Joiners are hidden, and yet letters of some languages need them. */
const JOINERS = ['\u200c', '\u200d']

/** The first hidden character that no label needs, as `U+202E`. */
export function unfitCharacter(text: string): string | undefined {
  const unfit = text.match(HIDDEN)?.find((hidden) => !JOINERS.includes(hidden))
  const code = unfit?.codePointAt(0)
  return code === undefined ? undefined : `U+${code.toString(16).toUpperCase().padStart(4, '0')}`
}
