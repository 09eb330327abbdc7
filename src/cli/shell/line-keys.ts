/** What is typed on its way to node:readline: Tab completes once at a time, and Ctrl-R searches the history. */
import type { EventEmitter } from 'node:events'
import { clearLine, cursorTo, type Interface } from 'node:readline'
import { CTRL_R, type Search, startSearch } from './history-search.ts'
import type { Keyboard, KeyReader } from './keyboard.ts'

/** Whole lines that the typed one can become, and the part of it that they replace. */
export type Completer = (line: string) => Promise<{ candidates: readonly string[]; replaces: string }>

export type Terminal = NodeJS.WritableStream & { readonly columns?: number }

type Needs = {
  readonly keyboard: Keyboard
  readonly output: Terminal
  /** Where readline reads. */
  readonly typed: EventEmitter
  readonly lines: () => Interface
  /** The newest first. */
  readonly history: () => readonly string[]
}

export type LineKeys = {
  readonly reader: KeyReader
  /** A completer as readline wants it. What is typed meanwhile waits, and Ctrl-C ends it. */
  completing(complete: Completer): (line: string, done: Done) => void
}

type Done = (error: Error | null, result: [string[], string]) => void

const TAB = 0x09
const COLUMNS = 80

/** Handles Tab, Ctrl-R and the keys of a search before the line editor sees them. */
export function createLineKeys({ keyboard, output, typed, lines, history }: Needs): LineKeys {
  const reader: KeyReader = { bytes: take, end: () => lines().close() }
  let search: Search | undefined

  function take(bytes: Buffer): void {
    let rest = bytes
    while (rest.length > 0) rest = search ? searched(search, rest) : edited(rest)
  }

  /** @returns what is left behind Ctrl-R */
  function edited(bytes: Buffer): Buffer {
    const at = bytes.indexOf(CTRL_R)
    if (at < 0) {
      completed(bytes)
      return NOTHING
    }
    if (at > 0) typed.emit('data', bytes.subarray(0, at))
    search = startSearch(emptied(lines()), history(), draw)
    return bytes.subarray(at + 1)
  }

  /** Tabs among pasted text are text, as readline has it; each one behind it is a key. */
  function completed(bytes: Buffer): void {
    const keys = bytes.findLastIndex((byte) => byte !== TAB) + 1
    if (keys > 0) typed.emit('data', bytes.subarray(0, keys))
    if (keys < bytes.length) typed.emit('data', Buffer.of(TAB))
    keyboard.putBack(bytes.subarray(keys + 1))
  }

  /** @returns what is left when the search is over */
  function searched(running: Search, bytes: Buffer): Buffer {
    for (const [at, byte] of bytes.entries()) {
      const found = running(byte)
      if (!found) continue
      search = undefined
      draw('')
      lines().prompt()
      if (found.line !== '') lines().write(found.line)
      return bytes.subarray(found.passOn ? at : at + 1)
    }
    return NOTHING
  }

  const draw = (text: string) => drawAlone(output, text)

  return {
    reader,
    completing: (find) => async (line, done) => {
      const { promise: interrupted, resolve: interrupt } = Promise.withResolvers<undefined>()
      keyboard.hold(() => interrupt(undefined))
      const found = await Promise.race([find(line), interrupted]).catch(() => undefined)
      // The same key pressed again meanwhile asks for nothing more, but for the list of what there is to choose from.
      const again = keyboard.dropLeading(TAB)
      if (again && found && isChoice(found)) keyboard.putBack(Buffer.of(TAB))
      keyboard.hold()
      done(null, found ? [[...found.candidates], found.replaces] : [[], ''])
      // readline puts it into the line in this turn of the event loop.
      setImmediate(keyboard.resume)
    },
  }
}

const NOTHING = Buffer.alloc(0)

/** Whether there are several, which do not even go on with the same character. */
function isChoice({ candidates, replaces }: Awaited<ReturnType<Completer>>): boolean {
  const next = new Set(candidates.map((candidate) => candidate[replaces.length]))
  return next.size > 1 || next.has(undefined)
}

/** Takes the line away, wherever the cursor is. */
export function emptied(lines: Interface): string {
  const { line } = lines
  lines.write(null, { ctrl: true, name: 'e' })
  lines.write(null, { ctrl: true, name: 'u' })
  return line
}

/** As the only text in the line, of which there is one. */
function drawAlone(output: Terminal, text: string): void {
  cursorTo(output, 0)
  clearLine(output, 0)
  output.write([...text].slice(0, (output.columns ?? COLUMNS) - 1).join(''))
}
