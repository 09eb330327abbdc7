/** The rows of a table in a source file, each to be changed once. */

/** What stands in the text from one place to another, and what is to stand there instead. */
export type Mutant = { readonly from: number; readonly to: number; readonly instead: string }

type Row = Omit<Mutant, 'instead'> & { readonly text: string }

const COMMENT = /\/\*[\s\S]*?\*\/|\/\/.*$/gm
const OPENING = '[{('
const CLOSING = ']})'

/**
 * Each member of an array left out, and each value of an object replaced by that of another row; of the arrays in an
 * object the members, too.
 *
 * @param table name of the constant, which begins with a literal or `new Set([…])`
 * @param column of a table whose rows are objects: the member of each row that is to be changed, where there is one
 */
export function mutantsOf(text: string, table: string, column?: string): readonly Mutant[] {
  const source = text.replace(COMMENT, (comment) => ' '.repeat(comment.length))
  const declared = new RegExp(`^(?:export )?const ${table}\\b`, 'm').exec(source)
  if (!declared) throw new Error(`There is no table ${table}`)
  const equals = source.indexOf(' = ', declared.index)
  const begin = source.slice(equals).search(/[[{]/) + equals
  const rows = membersAt(source, begin)
  if (column !== undefined) return valuesOf(source, columnOf(source, rows, column))
  return source[begin] === '[' ? leavingOut(rows) : valuesOf(source, rows)
}

const columnOf = (source: string, rows: readonly Row[], column: string): readonly Row[] =>
  rows.flatMap((row) => {
    const members = membersAt(source, source.indexOf('{', valueIn(row).from))
    return members.filter(({ text }) => text.startsWith(`${column}:`))
  })

const leavingOut = (rows: readonly Row[]): readonly Mutant[] =>
  rows.map(({ from, to }) => ({ from, to, instead: '' }))

function valuesOf(source: string, rows: readonly Row[]): readonly Mutant[] {
  const values = rows.map((row) => valueIn(row))
  return values.flatMap((value): readonly Mutant[] => {
    if (value.text.startsWith('[')) return leavingOut(membersAt(source, value.from))
    const other = values.find(({ text }) => text !== value.text)
    return other ? [{ from: value.from, to: value.to, instead: other.text }] : []
  })
}

function valueIn({ from, text }: Row): Row {
  const name = /^[\w'-]+:\s*/.exec(text)?.[0] ?? ''
  return { from: from + name.length, to: from + text.length, text: text.slice(name.length) }
}

function membersAt(source: string, begin: number): readonly Row[] {
  const rows: Row[] = []
  let depth = 0
  let from = begin + 1
  for (let at = begin; at < source.length; at++) {
    const char = source[at] ?? ''
    if (OPENING.includes(char)) depth += 1
    if (CLOSING.includes(char)) depth -= 1
    if ((depth === 1 && char === ',') || depth === 0) {
      const text = source.slice(from, at).trim()
      const first = source.indexOf(text, from)
      if (text !== '') rows.push({ from: first, to: depth === 0 ? at : at + 1, text })
      from = at + 1
    }
    if (depth === 0) break
  }
  return rows
}
