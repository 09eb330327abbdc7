/** A line of the terminal with editing, history and completion, by node:readline. */
import { clearLine, createInterface, cursorTo } from 'node:readline'
import { Readable } from 'node:stream'
import type { Keyboard } from './keyboard.ts'

export type Typed =
  | { readonly kind: 'line'; readonly text: string }
  /** With Ctrl-C. */
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'end' }

export type Editor = {
  read(prompt: string): Promise<Typed>
  /** Puts a line into the history; no other gets there. */
  remember(line: string): void
  /** Prints a line above the one being typed. */
  notice(text: string): void
  close(): void
}

/** Whole lines that the typed one can become, and the part of it that they replace. */
export type Completer = (line: string) => Promise<{ candidates: readonly string[]; replaces: string }>

const HISTORY_LINES = 1000

export function createEditor(
  keyboard: Keyboard,
  output: NodeJS.WritableStream,
  completer: Completer,
): Editor {
  const typed = Object.assign(new Readable({ read() {} }), { isTTY: true, setRawMode: keyboard.setRawMode })
  const history: string[] = []
  let waiting: ((typed: Typed) => void) | undefined
  let closed = false
  let cancelling = false
  const lines = createInterface({
    input: typed,
    output,
    terminal: true,
    historySize: HISTORY_LINES,
    completer(line: string, done: (error: Error | null, result: [string[], string]) => void) {
      completer(line).then(
        ({ candidates, replaces }) => done(null, [[...candidates], replaces]),
        () => done(null, [[], '']),
      )
    },
  })
  const answer = (result: Typed) => {
    keyboard.release()
    waiting?.(result)
    waiting = undefined
  }
  // Every line is in the history already when this is told; what belongs there is decided later.
  lines.on('history', (entries: string[]) => entries.splice(0, entries.length, ...history))
  lines.on('line', (text) => answer(cancelling ? { kind: 'cancelled' } : { kind: 'line', text }))
  // The line ends as an empty one, which also takes readline back to the newest line of the history.
  lines.on('SIGINT', () => {
    lines.write(null, { ctrl: true, name: 'e' })
    lines.write(null, { ctrl: true, name: 'u' })
    output.write('^C')
    cancelling = true
    lines.write(null, { name: 'return' })
    cancelling = false
  })
  lines.on('close', () => {
    closed = true
    if (waiting) output.write('\n')
    answer({ kind: 'end' })
  })
  return {
    read(prompt) {
      if (closed) return Promise.resolve({ kind: 'end' })
      const { promise, resolve } = Promise.withResolvers<Typed>()
      waiting = resolve
      lines.setPrompt(prompt)
      lines.prompt()
      keyboard.lend({ bytes: (bytes) => typed.emit('data', bytes), end: () => lines.close() })
      return promise
    },
    remember(line) {
      if (history[0] !== line) history.unshift(line)
      history.splice(HISTORY_LINES)
      Object.assign(lines, { history: [...history] })
    },
    notice(text) {
      if (!waiting) return void output.write(text)
      cursorTo(output, 0)
      clearLine(output, 0)
      output.write(text)
      lines.prompt(true)
    },
    close: () => lines.close(),
  }
}
