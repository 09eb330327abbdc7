/** Reads pages of the documentation as a user does: files to save, commands to run, answers to expect. */
import assert from 'node:assert/strict'

export type Step = {
  readonly command: string
  /** Lines of its answer that are shown, in order; `…` stands for anything. */
  readonly answer: readonly string[]
}

export type Block = {
  /** Name under which it is to be saved; it has no steps then. */
  readonly file: string | undefined
  readonly text: string
  readonly steps: readonly Step[]
}

/** The blocks that are files, which the sentence before them ends with, and the blocks of commands. */
export function blocksOf(page: string): readonly Block[] {
  const found = page.matchAll(/(?:`([\w.]+)`:\n\n)?```(\w+)\n(.*?)```/gs)
  return [...found].flatMap(([, file, language, text = '']): Block[] => {
    if (language === 'console') return [{ file: undefined, text, steps: stepsOf(text) }]
    return file === undefined ? [] : [{ file, text, steps: [] }]
  })
}

function stepsOf(text: string): Step[] {
  const [, ...steps] = text.split(/^\$ /m)
  return steps.map((step) => {
    const [, command = '', rest = ''] = /^((?:.*\\\n)*.*)\n([\s\S]*)$/.exec(step) ?? []
    return { command, answer: rest.split('\n').filter((line) => line !== '') }
  })
}

/** @param said what each step has said */
export function expectAnswers(steps: readonly Step[], said: readonly string[]): void {
  for (const [index, { command, answer }] of steps.entries()) {
    let left = said[index] ?? ''
    for (const part of answer.flatMap((line) => line.trim().split('…'))) {
      const at = left.indexOf(part)
      assert.ok(at >= 0, `${command}\ndoes not say\n${part}\nbut\n${said[index]}`)
      left = left.slice(at + part.length)
    }
  }
}
