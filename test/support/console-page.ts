/** Pages of `docs/` whose commands are run as they are printed. */

/** One command, which may go over several lines, and what the page says it prints; empty: the page does not say. */
export type Step = { readonly line: number; readonly command: string; readonly expected: readonly string[] }

const PROMPT = '$ '
const CONTINUED = '> '
/** Stands for any text in a line, and alone in a line for any lines. */
export const ANYTHING = '…'

/** The commands in the blocks that are marked as `console`. */
export function readPage(markdown: string): readonly Step[] {
  const steps: Step[] = []
  let block: { readonly first: number; readonly lines: string[] } | undefined
  for (const [at, text] of markdown.split('\n').entries()) {
    if (!text.startsWith('```')) block?.lines.push(text)
    else {
      if (block) steps.push(...readBlock(block.lines, block.first))
      block = text === '```console' ? { first: at + 2, lines: [] } : undefined
    }
  }
  return steps
}

/**
 * A command goes on in the next line if that begins with `> `, or if its own ends with a backslash.
 *
 * @param first number of the first line
 */
export function readBlock(lines: readonly string[], first = 1): readonly Step[] {
  const steps: { line: number; command: string; expected: string[] }[] = []
  for (const [at, text] of lines.entries()) {
    const step = steps.at(-1)
    if (text.startsWith(PROMPT)) {
      steps.push({ line: first + at, command: text.slice(PROMPT.length), expected: [] })
    } else if (!step) throw new Error(`There is no command before ${JSON.stringify(text)}`)
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
