/** The object types that a source file exports, with their docstrings: TypeScript 7 has no parser for others to call. */

export type Member = {
  readonly name: string
  readonly optional: boolean
  /** As it is written. */
  readonly type: string
  /** The docstring in one line, without its tags. */
  readonly about: string
  /** From `@since format N`. */
  readonly since: number | undefined
}

export type ObjectType = Pick<Member, 'about' | 'since'> & { readonly members: readonly Member[] }

const DOC = String.raw`(?:\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\n\s*)?`
/** As the formatter leaves it: the closing brace stands at the beginning of a line. */
const MANY_LINES = new RegExp(String.raw`^${DOC}export type (\w+) = (?:\w+ & )?\{\n([\s\S]*?)^\}`, 'gm')
const ONE_LINE = new RegExp(String.raw`^${DOC}export type (\w+) = \{ (.*) \}$`, 'gm')
const MEMBER = new RegExp(String.raw`${DOC}readonly (\w+)(\??): ([^;\n]+)`, 'g')

/** By name. */
export function declarationsIn(source: string): ReadonlyMap<string, ObjectType> {
  const found = [MANY_LINES, ONE_LINE].flatMap((pattern) => [...source.matchAll(pattern)])
  return new Map(
    found.map(([, doc, name = '', body = '']) => [
      name,
      { ...documented(doc), members: [...body.matchAll(MEMBER)].map(memberOf) },
    ]),
  )
}

function memberOf([, doc, name = '', mark, type = '']: RegExpMatchArray): Member {
  return { name, optional: mark === '?', type: type.trim(), ...documented(doc) }
}

function documented(doc = ''): Pick<Member, 'about' | 'since'> {
  const since = /@since format (\d+)/.exec(doc)?.[1]
  return { about: textOf(doc), since: since === undefined ? undefined : Number(since) }
}

const textOf = (doc: string): string =>
  doc
    .split('\n')
    .map((line) => line.replace(/^\s*\*?\s*/, '').trim())
    .filter((line) => !line.startsWith('@'))
    .join(' ')
    .trim()
