/** Where the lines of the interactive mode come from: a terminal, or a script on standard input. */
import { createInterface } from 'node:readline'
import { noTerminal } from '../execute.ts'
import { type Completer, createEditor, type Typed } from './editor.ts'
import { createKeyboard, readHidden, type TerminalInput } from './keyboard.ts'

export type LineSource = {
  readonly isTerminal: boolean
  read(prompt: string): Promise<Typed>
  readHidden(prompt: string): Promise<string>
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
  return {
    isTerminal: true,
    read: editor.read,
    readHidden: (prompt) => readHidden(keyboard, output, prompt),
    remember: editor.remember,
    notice: editor.notice,
    close() {
      editor.close()
      keyboard.close()
    },
  }
}

/** No prompt and no echo: the output holds replies only. */
export function scriptSource(input: NodeJS.ReadableStream, errors: NodeJS.WritableStream): LineSource {
  const reader = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  const lines = reader[Symbol.asyncIterator]()
  return {
    isTerminal: false,
    async read() {
      const { value, done } = await lines.next()
      return done ? { kind: 'end' } : { kind: 'line', text: value }
    },
    readHidden: async () => {
      throw noTerminal()
    },
    remember: () => undefined,
    notice: (text) => void errors.write(text),
    close: () => reader.close(),
  }
}
