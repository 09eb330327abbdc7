/** A line of the terminal with editing, history and completion, by node:readline. */
import { clearLine, createInterface, cursorTo } from 'node:readline'
import { Readable } from 'node:stream'
import { HISTORY_LINES } from './history.ts'
import type { Keyboard } from './keyboard.ts'
import { type Completer, createLineKeys, emptied, type Terminal } from './line-keys.ts'

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

/** @param earlier lines of the history, the newest first */
export function createEditor(
  keyboard: Keyboard,
  output: Terminal,
  completer: Completer,
  earlier: readonly string[],
): Editor {
  const typed = Object.assign(new Readable({ read() {} }), { isTTY: true, setRawMode: keyboard.setRawMode })
  const history = [...earlier]
  let waiting: ((typed: Typed) => void) | undefined
  let closed = false
  let cancelling = false
  const { reader, completing } = createLineKeys({
    keyboard,
    output,
    typed,
    lines: () => lines,
    history: () => history.filter((line) => !line.includes('\n')),
  })
  const complete = completing(completer)
  const lines = createInterface({
    input: typed,
    output,
    terminal: true,
    history: [...history],
    historySize: HISTORY_LINES,
    // By its two parameters readline knows that the answer comes later.
    completer: (line: string, done: Parameters<typeof complete>[1]) => complete(line, done),
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
    emptied(lines)
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
      keyboard.lend(reader)
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
