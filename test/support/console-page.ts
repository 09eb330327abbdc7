/** Pages of `docs/` whose commands are run as they are printed. */

/** One command, which may go over several lines, and what the page says it prints; empty: the page does not say. */
export type Step = { readonly line: number; readonly command: string; readonly expected: readonly string[] }

const PROMPT = '$ '
const CONTINUED = '> '
/** Stands for any text in a line, and alone in a line for any lines. */
const ANYTHING = '…'

/** The commands in the blocks that are marked as `console`. */
export function readPage(markdown: string): readonly Step[] {
  const steps: { line: number; command: string; expected: string[] }[] = []
  let isConsole = false
  for (const [at, text] of markdown.split('\n').entries()) {
    if (text.startsWith('```')) isConsole = text === '```console'
    else if (isConsole && text.startsWith(PROMPT)) {
      steps.push({ line: at + 1, command: text.slice(PROMPT.length), expected: [] })
    } else if (isConsole) continueStep(steps.at(-1), text)
  }
  return steps
}

function continueStep(step: { command: string; expected: string[] } | undefined, text: string): void {
  if (!step) throw new Error(`There is no command before ${JSON.stringify(text)}`)
  if (step.expected.length === 0 && text.startsWith(CONTINUED)) {
    step.command += `\n${text.slice(CONTINUED.length)}`
  } else step.expected.push(text)
}

/** Whether that is what the page says. */
export function isAsPrinted(expected: readonly string[], printed: string): boolean {
  const lines = expected.map((line) =>
    line.trim() === ANYTHING ? '(?:.*\\n)*' : `${line.split(ANYTHING).map(escaped).join('.*')}\\n`,
  )
  return new RegExp(`^${lines.join('')}$`).test(`${printed.trimEnd()}\n`)
}

const escaped = (text: string): string => text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
