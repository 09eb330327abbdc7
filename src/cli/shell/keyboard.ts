/**
 * The only reader of a terminal: lends what is typed to whoever asked, and keeps what is typed ahead.
 *
 * A pasted script thus runs line by line, each line shown when its turn comes, and a password among them not at all.
 */
import { StringDecoder } from 'node:string_decoder'
import { HsmError } from '../../contract/errors.ts'
import { isWhole } from '../../contract/text.ts'

/** What is needed of `process.stdin`. */
export type TerminalInput = NodeJS.ReadableStream & { setRawMode(on: boolean): unknown }

export type KeyReader = {
  /** At most the rest of one line. */
  readonly bytes: (bytes: Buffer) => void
  /** The terminal is gone. */
  readonly end: () => void
}

export type Keyboard = {
  /** Until `release`. At most one reader at a time. */
  lend(reader: KeyReader): void
  release(): void
  /** What is typed waits until `resume`, except Ctrl-C if there is a handler. */
  hold(handler?: () => void): void
  resume(): void
  /** Forgets a key that was typed ahead, as often as it was. Tells whether it was. */
  dropLeading(key: number): boolean
  /** The reader has no use for these yet: they come again, before what was typed ahead. */
  putBack(bytes: Buffer): void
  /** Ctrl-C when nobody reads, which also takes back what was typed ahead. Left out: only that. */
  onInterrupt(handler?: () => void): void
  /** Forgets the first lines of what was typed ahead. */
  skipLines(count: number): void
  setRawMode(on: boolean): void
  close(): void
}

const CTRL_C = '\u0003'
const CANCEL = [CTRL_C, '\u0004']
const LINE_ENDS = [0x0d, 0x0a, 0x03]
const ENTER = ['\r', '\n']
const ERASE = ['\u0008', '\u007f']
const ERASE_ALL = '\u0015'
/** Begins what an arrow or function key sends. */
const ESCAPE = 0x1b
const MOST_AHEAD = 1024 * 1024
const PASSWORD_CHARACTERS = 1024

/** Takes over the terminal's input. What is typed while nobody reads is kept, up to a limit. */
export function createKeyboard(input: TerminalInput): Keyboard {
  let ahead: Buffer = Buffer.alloc(0)
  let reader: KeyReader | undefined
  let interrupted: (() => void) | undefined
  let held = false
  let ended = false

  function pump(): void {
    while (reader && !held && ahead.length > 0) {
      const end = lineEnd(ahead)
      const bytes = ahead.subarray(0, end)
      ahead = ahead.subarray(end)
      reader.bytes(bytes)
    }
    if (ended) reader?.end()
  }
  const onData = (chunk: Buffer | string) => {
    const bytes = Buffer.from(chunk)
    ahead = Buffer.concat([ahead, bytes])
    const interrupts = reader ? held && interrupted !== undefined : true
    const interrupt = interrupts ? ahead.lastIndexOf(CTRL_C) : -1
    if (interrupt >= 0) {
      ahead = ahead.subarray(interrupt + 1)
      interrupted?.()
    }
    if (ahead.length > MOST_AHEAD) ahead = ahead.subarray(0, MOST_AHEAD)
    pump()
  }
  const onEnd = () => {
    ended = true
    pump()
  }
  input.on('data', onData)
  input.on('end', onEnd)
  input.on('error', onEnd) // what a terminal that was closed reads as
  return {
    lend(next) {
      reader = next
      pump()
    },
    release() {
      reader = undefined
    },
    hold(handler) {
      held = true
      interrupted = handler
    },
    resume() {
      held = false
      interrupted = undefined
      pump()
    },
    dropLeading(key) {
      const was = ahead[0] === key
      while (ahead[0] === key) ahead = ahead.subarray(1)
      return was
    },
    putBack(bytes) {
      ahead = Buffer.concat([bytes, ahead])
    },
    onInterrupt(handler) {
      interrupted = handler
    },
    skipLines(count) {
      for (let left = count; left > 0; left -= 1) ahead = ahead.subarray(lineEnd(ahead))
    },
    setRawMode: (on) => void input.setRawMode(on),
    close() {
      input.off('data', onData)
      input.off('end', onEnd)
      input.off('error', onEnd)
      input.pause()
    },
  }
}

/** The length of the first line with its end or the Ctrl-C that ended it, or of everything. */
function lineEnd(bytes: Buffer): number {
  const at = bytes.findIndex((byte) => LINE_ENDS.includes(byte))
  if (at < 0) return bytes.length
  return bytes[at] === 0x0d && bytes[at + 1] === 0x0a ? at + 2 : at + 1
}

/**
 * A line of which nothing is shown. Backspace and Ctrl-U work.
 *
 * @throws HsmError `invalid-request` when the user cancels with Ctrl-C or Ctrl-D, or what was typed is not UTF-8
 */
export async function readHidden(
  keyboard: Keyboard,
  output: NodeJS.WritableStream,
  prompt: string,
): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const decoder = new StringDecoder('utf8')
  const cancel = () => reject(new HsmError('invalid-request', 'Cancelled'))
  let text = ''
  output.write(prompt)
  keyboard.lend({
    bytes(bytes) {
      if (bytes[0] === ESCAPE) return
      const edit = edited(text, decoder.write(bytes))
      text = edit.text.slice(0, PASSWORD_CHARACTERS)
      if (edit.state === 'typing') return
      keyboard.release()
      if (edit.state === 'done' && !isWhole(text)) reject(noText())
      else if (edit.state === 'done') resolve(text)
      else cancel()
    },
    end: cancel,
  })
  try {
    return await promise
  } finally {
    output.write('\n')
  }
}

/** Characters that the terminal sent in another encoding would all be the same one. */
const noText = () =>
  new HsmError('invalid-request', 'What was typed is not UTF-8 text; set the terminal to UTF-8')

type Edit = { readonly text: string; readonly state: 'typing' | 'done' | 'cancelled' }

function edited(before: string, typed: string): Edit {
  const keys = [...typed]
  const end = keys.findIndex((key) => [...ENTER, ...CANCEL].includes(key))
  const text = keys.slice(0, end < 0 ? keys.length : end).reduce(withKey, before)
  const last = keys[end]
  return { text, state: last === undefined ? 'typing' : ENTER.includes(last) ? 'done' : 'cancelled' }
}

function withKey(text: string, key: string): string {
  if (ERASE.includes(key)) return [...text].slice(0, -1).join('')
  if (key === ERASE_ALL) return ''
  return /\p{Cc}/u.test(key) ? text : text + key
}
