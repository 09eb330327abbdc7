/** Help in the two layouts of clap v4: columns for `-h`, and blocks for `--help` where they say more. */
import type { HelpLayout } from './bind.ts'
import type { Command, Option, Options, Path, Root } from './spec.ts'
import { signature, usage } from './usage.ts'

/** clap wraps nothing by itself, but weighs its columns against a terminal of this width. */
const WIDTH = 100

type Row = {
  readonly short: string | undefined
  readonly label: string
  readonly text: string
  readonly option: Option
}

/** @param command at the end of the path; undefined when it ends at a group */
export function renderHelp(path: Path, command: Command | undefined, layout: HelpLayout): string {
  const node = path[path.length - 1] as Path[number]
  const blocks = [node.about, usage(path, command?.options)]
  if ('commands' in node)
    blocks.push(`Commands:\n${commandColumns(node.commands.filter(({ hidden }) => !hidden))}`)
  const options = command?.options ?? (path.length === 1 ? path[0].options : {})
  blocks.push(`Options:\n${optionList(options, layout, path.length === 1 ? path[0] : undefined)}`)
  return `${blocks.join('\n\n')}\n`
}

function commandColumns(commands: readonly { readonly name: string; readonly about: string }[]): string {
  const help = { name: 'help', about: 'Print this message or the help of the given subcommand(s)' }
  const rows = [...commands.filter(({ name }) => name !== help.name), help]
  const width = Math.max(...rows.map(({ name }) => name.length))
  return rows.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n')
}

function optionList(options: Options, layout: HelpLayout, root: Root | undefined): string {
  const differ = Object.values(options).some(isExplained)
  const long = differ && layout === 'long'
  const own = Object.entries(options).map(([name, option]) => row(signature(name, option), option, long))
  const summary = !differ ? '' : long ? " (see a summary with '-h')" : " (see more with '--help')"
  const rows = [...own, row('--help', { short: 'h', help: `Print help${summary}` }, long)]
  if (root?.version !== undefined) rows.push(row('--version', { short: 'V', help: 'Print version' }, long))
  if (long) return rows.map(block).join('\n\n')
  return columns(rows)
}

/** Values that have help of their own are listed in the long layout. */
const isExplained = ({ choices }: Option): boolean => Object.values(choices ?? {}).some((help) => help !== '')

function row(label: string, option: Option, long: boolean): Row {
  const notes = [
    option.fallback === undefined ? [] : `[default: ${option.fallback}]`,
    option.choices && !(long && isExplained(option))
      ? `[possible values: ${Object.keys(option.choices).join(', ')}]`
      : [],
  ].flat()
  const text = [option.help, notes.join(long ? '\n' : ' ')].filter(Boolean).join(long ? '\n\n' : ' ')
  return { short: option.short, label, text, option }
}

const head = ({ short, label }: Row): string => `  ${short === undefined ? '    ' : `-${short}, `}${label}`

function block(entry: Row): string {
  const { option, text } = entry
  const values = isExplained(option) ? [`Possible values:\n${valueList(option.choices ?? {})}`] : []
  return `${head(entry)}\n${indented([text, ...values].join('\n\n'))}`
}

function valueList(choices: Readonly<Record<string, string>>): string {
  const width = Math.max(...Object.keys(choices).map((name) => name.length))
  return Object.entries(choices)
    .map(([name, help]) => (help === '' ? `- ${name}` : `- ${`${name}:`.padEnd(width + 1)} ${help}`))
    .join('\n')
}

const indented = (text: string): string => text.replace(/^(?=.)/gm, ' '.repeat(10))

/** Two columns, or all texts on lines of their own as soon as one does not fit (clap's `force_next_line`). */
function columns(rows: readonly Row[]): string {
  const width = Math.max(...rows.map(({ label }) => label.length))
  const taken = width + 8
  const stacked = taken / WIDTH > 0.4 && rows.some(({ text }) => text.length > WIDTH - taken)
  return rows
    .map((entry) => {
      const first = head(entry)
      return stacked ? `${first}\n${indented(entry.text)}` : `${first.padEnd(width + 6)}  ${entry.text}`
    })
    .join('\n')
}
