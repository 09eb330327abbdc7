/** Help in the two layouts of clap v4: columns for `-h`, and blocks for `--help` where they say more. */
import type { HelpLayout } from './bind.ts'
import type { Option, Options, Path, Root, Shape } from './spec.ts'
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
export function renderHelp(path: Path<Shape>, command: Shape | undefined, layout: HelpLayout): string {
  const node = path[path.length - 1] as Path<Shape>[number]
  const blocks = [node.about, usage(path, command?.options)]
  if ('commands' in node) blocks.push(...commandBlocks(node.commands))
  const options = command?.options ?? (path.length === 1 ? path[0].options : {})
  blocks.push(...argumentBlocks(options))
  blocks.push(...optionBlocks(options, layout, path.length === 1 ? path[0] : undefined))
  blocks.push(...underHeading('Examples', (command?.examples ?? []).map((line) => `  ${line}`).join('\n')))
  return `${blocks.join('\n\n')}\n`
}

type Shown = { readonly name: string; readonly about: string; readonly extension?: true }

function commandBlocks(commands: readonly (Shown & { readonly hidden?: true })[]): readonly string[] {
  const help = { name: 'help', about: 'Print this message or the help of the given subcommand(s)' }
  const shown = commands.filter(({ name, hidden }) => !hidden && name !== help.name)
  const extensions = shown.filter(({ extension }) => extension)
  const own = [...shown.filter(({ extension }) => !extension), help]
  const width = Math.max(...[...own, ...extensions].map(({ name }) => name.length))
  const list = (rows: readonly Shown[]) =>
    rows.map(({ name, about }) => `  ${name.padEnd(width)}  ${about}`).join('\n')
  return [`Commands:\n${list(own)}`, ...underHeading('Extension Commands', list(extensions))]
}

function argumentBlocks(options: Options): readonly string[] {
  const rows = Object.entries(options)
    .filter(([, { positional }]) => positional)
    .map(([name, option]) => `  ${signature(name, option)}  ${option.help}`)
  return underHeading('Arguments', rows.join('\n'))
}

function optionBlocks(
  options: Options,
  layout: HelpLayout,
  root: Root<Shape> | undefined,
): readonly string[] {
  const differ = Object.values(options).some(isExplained)
  const long = differ && layout === 'long'
  const rowsOf = (extension: true | undefined) =>
    Object.entries(options)
      .filter(([, option]) => option.extension === extension && !option.positional)
      .map(([name, option]) => row(signature(name, option), option, long))
  const summary = !differ ? '' : long ? " (see a summary with '-h')" : " (see more with '--help')"
  const rows = [...rowsOf(undefined), row('--help', { short: 'h', help: `Print help${summary}` }, long)]
  if (root?.version !== undefined) rows.push(row('--version', { short: 'V', help: 'Print version' }, long))
  const list = (listed: readonly Row[]) => (long ? listed.map(block).join('\n\n') : columns(listed))
  return [`Options:\n${list(rows)}`, ...underHeading('Extension Options', list(rowsOf(true)))]
}

/** What the CLI of AWS does not have stands apart, as clap puts it with `help_heading`. */
const underHeading = (heading: string, rows: string): readonly string[] =>
  rows === '' ? [] : [`${heading}:\n${rows}`]

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
