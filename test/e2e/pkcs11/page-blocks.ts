/** Pages about other people's programs: files to save, commands to run, and of their answers what does not vary. */
import assert from 'node:assert/strict'
import { ANYTHING, readBlock, type Step } from '../../support/console-page.ts'

export type Block = {
  /** Name under which it is to be saved; it has no steps then. */
  readonly file: string | undefined
  readonly text: string
  readonly steps: readonly Step[]
}

/** The blocks that are files, which the sentence before them ends with, and the blocks of commands. */
export function blocksOf(page: string): readonly Block[] {
  const found = page.matchAll(/(?:`([\w.]+)`:\n\n)?```(\w+)\n(.*?)\n```/gs)
  return [...found].flatMap(([, file, language, text = '']): Block[] => {
    if (language === 'console') return [{ file: undefined, text, steps: readBlock(text.split('\n')) }]
    return file === undefined ? [] : [{ file, text: `${text}\n`, steps: [] }]
  })
}

/** The lines that a page shows of each answer must be in it, in that order. @param said what each step has said */
export function expectAnswers(steps: readonly Step[], said: readonly string[]): void {
  for (const [index, { command, expected }] of steps.entries()) {
    let left = said[index] ?? ''
    for (const part of expected.flatMap((line) => line.trim().split(ANYTHING))) {
      const at = left.indexOf(part)
      assert.ok(at >= 0, `${command}\ndoes not say\n${part}\nbut\n${said[index]}`)
      left = left.slice(at + part.length)
    }
  }
}
