/** Pages of the project whose commands are run as they are printed. */

/** One command, which may go over several lines, and what the page says it prints; empty: the page does not say. */
export type Step = {
  readonly line: number
  /** The machine whose name stands before the prompt, on pages about several. */
  readonly machine: string | undefined
  readonly command: string
  /** What is typed into the program that the command starts. */
  readonly input: readonly string[]
  readonly expected: readonly string[]
}

/** A fenced block of a page. */
export type PageBlock = {
  /** Number of its first line. */
  readonly first: number
  /** What stands after the fence: a language, and `example` when nothing runs the block. */
  readonly info: string
  readonly lines: readonly string[]
}

const PROMPT = /^(\w*)\$ (.*)$/
const CONTINUED = '> '
const SHELL_PROMPT = 'aws-cloudhsm > '
/** Stands for any text in a line, and alone in a line for any lines. */
export const ANYTHING = '…'

export function blocksOf(markdown: string): readonly PageBlock[] {
  const blocks: PageBlock[] = []
  let block: { readonly first: number; readonly info: string; readonly lines: string[] } | undefined
  for (const [at, text] of markdown.split('\n').entries()) {
    if (!text.startsWith('```')) block?.lines.push(text)
    else if (block) {
      blocks.push(block)
      block = undefined
    } else block = { first: at + 2, info: text.slice(3), lines: [] }
  }
  return blocks
}

/** The commands in the blocks that are marked as `console` and nothing else. */
export const readPage = (markdown: string): readonly Step[] =>
  blocksOf(markdown).flatMap(({ info, lines, first }) => (info === 'console' ? readBlock(lines, first) : []))

/**
 * A command goes on in the next line if that begins with `> `, or if its own ends with a backslash.
 *
 * @param first number of the first line
 */
export function readBlock(lines: readonly string[], first = 1): readonly Step[] {
  const steps: (Omit<Step, 'input'> & { command: string; input: string[]; expected: string[] })[] = []
  for (const [at, text] of lines.entries()) {
    const step = steps.at(-1)
    const [, machine, command] = PROMPT.exec(text) ?? []
    if (command !== undefined) {
      steps.push({ line: first + at, machine: machine || undefined, command, input: [], expected: [] })
    } else if (!step) throw new Error(`There is no command before ${JSON.stringify(text)}`)
    else if (text.startsWith(SHELL_PROMPT)) step.input.push(text.slice(SHELL_PROMPT.length))
    else if (step.expected.length === 0 && text.startsWith(CONTINUED)) {
      step.command += `\n${text.slice(CONTINUED.length)}`
    } else if (step.expected.length === 0 && step.command.endsWith('\\')) step.command += `\n${text}`
    else step.expected.push(text)
  }
  return steps
}

/** Whether that is what the page says, to the letter. */
export function isAsPrinted(expected: readonly string[], printed: string): boolean {
  const lines = expected.map((line) =>
    line.trim() === ANYTHING ? '(?:.*\\n)*' : `${line.split(ANYTHING).map(escaped).join('.*')}\\n`,
  )
  return new RegExp(`^${lines.join('')}$`).test(`${printed.trimEnd()}\n`)
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
