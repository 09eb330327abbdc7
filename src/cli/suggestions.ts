/** How clap v4 writes what may have been meant, below an error (clap_builder, error/format.rs). */
import { similar } from '../contract/similar.ts'

/** Every one that is like the word, as clap does for subcommands. */
export function subcommandTip(word: string, names: readonly string[]): string {
  const found = similar(word, names).map((name) => `'${name}'`)
  if (found.length === 0) return ''
  return `\n\n  tip: ${found.length === 1 ? 'a similar subcommand exists' : 'some similar subcommands exist'}: ${found.join(', ')}`
}

/** @param word as it was given, such as `--filtr` @param names without the dashes */
export const argumentTip = (word: string, names: readonly string[]): string =>
  word.startsWith('--') ? best('argument', word.slice(2), names, '--') : ''

/** Empty when no value is similar. */
export const valueTip = (word: string, values: readonly string[]): string => best('value', word, values)

function best(what: 'argument' | 'value', word: string, names: readonly string[], prefix = ''): string {
  const found = similar(word, names).at(-1)
  return found === undefined ? '' : `\n\n  tip: a similar ${what} exists: '${prefix}${found}'`
}
