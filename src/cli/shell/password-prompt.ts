/** Passwords typed on a terminal for a one-shot command. */
import { createKeyboard, readHidden, type TerminalInput } from './keyboard.ts'

export type PasswordPrompt = {
  /** @throws HsmError `invalid-request` when the user cancels */
  ask(prompt: string): Promise<string>
  close(): void
}

/** Asks on the terminal without an echo. */
export function createPasswordPrompt(input: TerminalInput, output: NodeJS.WritableStream): PasswordPrompt {
  const keyboard = createKeyboard(input)
  return {
    async ask(prompt) {
      keyboard.setRawMode(true)
      try {
        return await readHidden(keyboard, output, prompt)
      } finally {
        keyboard.setRawMode(false)
      }
    },
    close: keyboard.close,
  }
}
