/** A word of the user's, short and without control characters, fit for an error message. */
export function shown(word: string): string {
  const clean = word.replace(/\p{Cc}/gu, '\u{fffd}')
  return clean.length > 100 ? `${clean.slice(0, 100)}…` : clean
}
