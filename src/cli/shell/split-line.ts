/** The words of a line typed in the shell, quoted as in a POSIX shell (XCU §2.2), without its expansions. */

/** The quotes that the end of a line stands in. */
export type Quote = 'none' | 'single' | 'double'

export type Split = {
  readonly words: readonly string[]
  /** The word at the end of the line, also as it was typed; empty after a space. */
  readonly last: { readonly text: string; readonly raw: string; readonly quote: Quote }
  /** Why the next line belongs to this one. */
  readonly open: 'quote' | 'backslash' | undefined
}

/** Any text at all is a sequence of these: a space, or a part of a word in one of four ways of writing it. */
const PIECE =
  /(?<space>\s+)|(?<plain>[^\s\\'"]+)|'(?<single>[^']*)(?<singleEnd>'?)|"(?<double>[^"\\]*(?:\\.[^"\\]*)*)\\?(?<doubleEnd>"?)|\\(?<escaped>.?)/gsu

type Groups = Readonly<Record<string, string | undefined>>
/** A word and where it begins. */
type Word = { readonly text: string; readonly start: number }

/** Splits as a POSIX shell does: spaces, single and double quotes, backslashes; no expansion. */
export function splitWords(line: string): Split {
  const words: Word[] = []
  let word: Word | undefined
  let last: Groups = {}
  for (const { index, groups = {} } of line.matchAll(PIECE)) {
    if (word && groups['space'] !== undefined) words.push(word)
    word = extended(word, index, groups)
    last = groups
  }
  if (word) words.push(word)
  const quote = quoteOf(last)
  return {
    words: words.map(({ text }) => text),
    last: { text: word?.text ?? '', raw: word ? line.slice(word.start) : '', quote },
    open: quote !== 'none' ? 'quote' : last['escaped'] === '' ? 'backslash' : undefined,
  }
}

/** The word with one more piece; undefined between words. */
function extended(word: Word | undefined, index: number, groups: Groups): Word | undefined {
  if (groups['space'] !== undefined) return undefined
  // A backslash and a line feed only join two lines.
  if (groups['escaped'] === '\n') return word
  return { text: (word?.text ?? '') + textOf(groups), start: word?.start ?? index }
}

/** Inside double quotes a backslash is special only before these, and with a line feed it is nothing. */
function textOf({ plain, single, double, escaped }: Groups): string {
  if (double === undefined) return plain ?? single ?? escaped ?? ''
  return double.replace(/\\(["\\$`]|\n)/g, (_, char: string) => (char === '\n' ? '' : char))
}

function quoteOf({ single, singleEnd, double, doubleEnd }: Groups): Quote {
  if (single !== undefined) return singleEnd === '' ? 'single' : 'none'
  if (double !== undefined) return doubleEnd === '' ? 'double' : 'none'
  return 'none'
}

/** The rest of a word, written so that it is read back in the quotes it stands in. */
export function quoted(text: string, quote: Quote): string {
  if (quote === 'single') return text.replaceAll("'", "'\\''")
  if (quote === 'double') return text.replace(/["\\$`]/g, '\\$&')
  return text.replace(/[^A-Za-z0-9_@%+=:,./-]/gu, '\\$&')
}
