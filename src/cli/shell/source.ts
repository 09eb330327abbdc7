/** Where the lines of the interactive mode come from: a terminal, or a script on standard input. */
import { createInterface } from 'node:readline'
import { HsmError } from '../../contract/errors.ts'
import { checkWhole } from '../../contract/text.ts'
import { type Completer, createEditor, type Typed } from './editor.ts'
import { createKeyboard, readHidden, type TerminalInput } from './keyboard.ts'

export type LineSource = {
  readonly isTerminal: boolean
  read(prompt: string): Promise<Typed>
  readHidden(prompt: string): Promise<string>
  /** The next lines answer the command that runs now, whether it comes to ask or not. */
  setAside(count: number): Promise<void>
  /** Forgets those that were not asked for. */
  dropAnswers(): void
  /** Keeps a command for the arrow keys. */
  remember(line: string): void
  /** Tells the user something that no command printed. */
  notice(text: string): void
  close(): void
}

export function terminalSource(
  input: TerminalInput,
  output: NodeJS.WritableStream,
  completer: Completer,
): LineSource {
  const keyboard = createKeyboard(input)
  const editor = createEditor(keyboard, output, completer)
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
    remember: editor.remember,
    notice: editor.notice,
    close() {
      editor.close()
      keyboard.close()
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
    remember: () => undefined,
    notice: (text) => void errors.write(text),
    close: () => reader.close(),
  }
}
