/** How clap v4 writes an option, a usage line and a usage error. */
import type { Option, Options, Path, Shape } from './spec.ts'

/** `--role <ROLE>`, `--filter [<FILTER>...]` or `--verbose`. */
export function signature(name: string, { value, many, positional }: Option): string {
  if (positional) return `<${value}>`
  if (value === undefined) return `--${name}`
  return many ? `--${name} [<${value}>...]` : `--${name} <${value}>`
}

/** `<--data <DATA>|--data-path <DATA_PATH>>`: of these, exactly one. */
export function groupSignature(options: Options, group: string): string {
  const members = Object.entries(options).filter(([, option]) => option.group === group)
  return `<${members.map(([name, option]) => signature(name, option)).join('|')}>`
}

/** Names of the groups of options of which exactly one must be given. */
export function groupsOf(options: Options): ReadonlySet<string> {
  return new Set(Object.values(options).flatMap(({ group }) => group ?? []))
}

/**
 * Commands are named without the program, as they are typed in its shell if it has one. `--cluster-id` goes without
 * saying, and so do extensions; any other optional option makes an `[OPTIONS]`.
 *
 * @param options of the command at the end of the path; undefined when it ends at a group
 */
export function usage(path: Path<Shape>, options: Options | undefined): string {
  const [root, ...below] = path
  const names = (below.length === 0 || root.noShell ? path : below).map(({ name }) => name)
  if (options === undefined)
    return line([...names, ...optional(below.length === 0 ? root.options : {}), '<COMMAND>'])
  const required = Object.entries(options)
    .filter(([, option]) => option.required)
    .map(([name, option]) => signature(name, option))
  const groups = [...groupsOf(options)].map((group) => groupSignature(options, group))
  const end = below.at(-1)
  const command = end && 'alone' in end ? ['[COMMAND]'] : []
  return line([...names, ...optional(options), ...required, ...groups, ...command])
}

/** A message of the parser as it is printed, with or without the usage line. */
export function usageError(message: string, usageLine: string | undefined): string {
  return [`error: ${message}`, usageLine, "For more information, try '--help'."]
    .filter((block) => block !== undefined)
    .join('\n\n')
    .concat('\n')
}

function optional(options: Options): readonly string[] {
  const counted = Object.entries(options).some(
    ([name, { required, group, extension }]) =>
      name !== 'cluster-id' && !extension && !required && group === undefined,
  )
  return counted ? ['[OPTIONS]'] : []
}

const line = (words: readonly string[]): string =>
  ['Usage:', ...words.filter((word) => word !== '')].join(' ')
