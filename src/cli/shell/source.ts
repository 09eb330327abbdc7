/** Where the lines of the interactive mode come from: a terminal, or a script on standard input. */
import { createInterface } from 'node:readline'
import { HsmError } from '../../contract/errors.ts'
import { checkWhole } from '../../contract/text.ts'
import { createEditor, type Typed } from './editor.ts'
import { type History, NO_HISTORY } from './history.ts'
import { createKeyboard, readHidden, type TerminalInput } from './keyboard.ts'
import type { Completer } from './line-keys.ts'

export type LineSource = {
  readonly isTerminal: boolean
  read(prompt: string): Promise<Typed>
  readHidden(prompt: string): Promise<string>
  /** The next lines answer the command that runs now, whether it comes to ask or not. */
  setAside(count: number): Promise<void>
  /** Forgets those that were not asked for. */
  dropAnswers(): void
  /** Ctrl-C while nothing is read. Left out: nobody is told. */
  onInterrupt(handler?: () => void): void
  /** Keeps a command for the arrow keys. */
  remember(line: string): void
  /** Keeps it for later shells as well. */
  keep(line: string): void
  /** Tells the user something that no command printed. */
  notice(text: string): void
  close(): void
}

/** Lines that are typed, edited with history and completion. */
export function terminalSource(
  input: TerminalInput,
  output: NodeJS.WritableStream,
  completer: Completer,
  history: History = NO_HISTORY,
): LineSource {
  const keyboard = createKeyboard(input)
  const editor = createEditor(keyboard, output, completer, history.lines)
  let answers = 0
  return {
    isTerminal: true,
    read: editor.read,
    async readHidden(prompt) {
      answers -= 1
      return readHidden(keyboard, output, prompt)
    },
    async setAside(count) {
      answers = count
    },
    dropAnswers: () => keyboard.skipLines(answers),
    onInterrupt(handler) {
      keyboard.onInterrupt(
        handler &&
          (() => {
            output.write('^C\n')
            handler()
          }),
      )
    },
    remember: editor.remember,
    keep: history.keep,
    notice: editor.notice,
    close() {
      editor.close()
      keyboard.close()
      history.close()
    },
  }
}

/** No prompt and no echo: the output holds replies only. What a command asks for is on the lines after it. */
export function scriptSource(input: NodeJS.ReadableStream, errors: NodeJS.WritableStream): LineSource {
  const reader = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  const lines = reader[Symbol.asyncIterator]()
  let answers: string[] = []
  return {
    isTerminal: false,
    async read() {
      const { value, done } = await lines.next()
      return done ? { kind: 'end' } : { kind: 'line', text: value }
    },
    async readHidden() {
      const answer = answers.shift()
      if (answer !== undefined) return checkWhole('The password', answer)
      throw new HsmError(
        'invalid-request',
        'A password is needed: give --password, or have it on the next line',
      )
    },
    async setAside(count) {
      while (answers.length < count) {
        const { value, done } = await lines.next()
        if (done) return
        answers.push(value)
      }
    },
    dropAnswers() {
      answers = []
    },
    // Standard input is no terminal: Ctrl-C is a signal.
    onInterrupt: () => undefined,
    remember: () => undefined,
    keep: () => undefined,
    notice: (text) => void errors.write(text),
    close: () => reader.close(),
  }
}
