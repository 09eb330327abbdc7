/** Finds what somebody may have meant, as clap v4 does (clap_builder, parser/features/suggestions.rs). */

/** So that `bar` suggests `baz`. */
const ALIKE = 0.7

/** Those of the names that are like the word, the most alike last. */
export function similar(word: string, names: readonly string[]): readonly string[] {
  return names
    .map((name) => ({ name, likeness: jaro([...word], [...name]) }))
    .filter(({ likeness }) => likeness > ALIKE)
    .sort((one, other) => one.likeness - other.likeness)
    .map(({ name }) => name)
}

/** `; did you mean label?`, or nothing. Words of any length cost no more than a name could be long. */
export function didYouMean(word: string, names: readonly string[], prefix = ''): string {
  const best = word.length > LONGEST ? undefined : similar(word.toLowerCase(), names).at(-1)
  return best === undefined ? '' : `; did you mean ${prefix}${best}?`
}

const LONGEST = 64

/** Similarity of Jaro (JASA 84, 1989), from 0 to 1. */
function jaro(one: readonly string[], other: readonly string[]): number {
  if (one.length === 0 || other.length === 0) return one.length === other.length ? 1 : 0
  const reach = Math.max(Math.floor(Math.max(one.length, other.length) / 2) - 1, 0)
  const taken = new Set<number>()
  const matched = one.filter((character, at) => {
    const from = Math.max(at - reach, 0)
    const found = other.findIndex(
      (candidate, place) =>
        place >= from && place <= at + reach && candidate === character && !taken.has(place),
    )
    if (found >= 0) taken.add(found)
    return found >= 0
  })
  if (matched.length === 0) return 0
  const inOrder = other.filter((_, place) => taken.has(place))
  const crossed = Math.floor(matched.filter((character, at) => inOrder[at] !== character).length / 2)
  const matches = matched.length
  return (matches / one.length + matches / other.length + (matches - crossed) / matches) / 3
}
