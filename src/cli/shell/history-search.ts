/** Ctrl-R: lines of the history that have a text in them, the newest first, as in other shells. */
import { StringDecoder } from 'node:string_decoder'

export const CTRL_R = 0x12
const CTRL_G = 0x07
const CANCEL: readonly number[] = [0x03, CTRL_G]
const ERASE: readonly number[] = [0x08, 0x7f]
const FIRST_PRINTABLE = 0x20

/** What is in the line when the search is over, and whether the key that ended it is meant for the line. */
export type Found = { readonly line: string; readonly passOn: boolean }

/** Takes the next byte that is typed, and answers when the search is over. */
export type Search = (byte: number) => Found | undefined

/**
 * @param before the line as it was, which Ctrl-C and Ctrl-G bring back
 * @param entries the newest first
 * @param show draws the search anew
 */
export function startSearch(
  before: string,
  entries: readonly string[],
  show: (text: string) => void,
): Search {
  const decoder = new StringDecoder('utf8')
  let query = ''
  let at = 0
  let found = true

  const match = () => (query === '' || !found ? '' : (entries[at] ?? ''))
  function look(from: number): undefined {
    const next = entries.findIndex((entry, place) => place >= from && entry.includes(query))
    found = next >= 0
    if (found) at = next
    show(`(${found ? '' : 'failed '}reverse-i-search)\`${query}': ${match()}`)
  }

  function searchFor(text: string, from: number): undefined {
    query = text
    look(from)
  }

  look(0)
  return (byte) => {
    if (byte === CTRL_R) return look(at + 1)
    if (ERASE.includes(byte)) return searchFor([...query].slice(0, -1).join(''), 0)
    if (byte >= FIRST_PRINTABLE) return searchFor(query + decoder.write(Buffer.of(byte)), found ? at : 0)
    const line = CANCEL.includes(byte) ? before : match() || before
    return { line, passOn: byte !== CTRL_G }
  }
}
