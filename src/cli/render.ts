/** The output of a command: text, stream and exit status. */
import { isSystemError, sentenceOf } from '../base/reasons.ts'
import { HsmError } from '../contract/errors.ts'
import { visible } from '../contract/shown.ts'
import type { ArgValues, ModeSwitch } from './spec.ts'

export type Output = {
  readonly text: string
  /** 0 success, 1 failure, 2 wrong usage. */
  readonly exit: number
  readonly stream: 'stdout' | 'stderr'
  /** What people may want to know besides, for standard error. */
  readonly notes?: string
  /** For standard output alone, before the text, which is for standard error then. */
  readonly bytes?: Uint8Array
  /** What comes after the text. If it fails, the output is left without its end and the exit status is that of the failure. */
  readonly rest?: AsyncGenerator<string>
  /** What the program is to do next. */
  readonly next?: { readonly mode: ModeSwitch['mode']; readonly args: ArgValues }
}

/** Exit status 0, on standard output. */
export const printed = (text: string): Output => ({ text, exit: 0, stream: 'stdout' })

/** Exit status 2, on standard error. */
export const wrongUsage = (text: string): Output => ({ text, exit: 2, stream: 'stderr' })

/** @param data members in the order in which they are printed */
export function success(data: string | object): Output {
  return printed(envelope(0, data))
}

/** Some of it failed, and `data` tells what. */
export const partial = (data: string | object): Output => ({ ...printed(envelope(1, data)), exit: 1 })

/** @param pieces of data; what goes wrong before the second is told like any failure */
export async function inPieces(pieces: AsyncGenerator<string>): Promise<Output> {
  const [first, second] = [await pieces.next(), await pieces.next()]
  const text = `{\n  "error_code": 0,\n  "data": ${first.value ?? ''}${second.value ?? ''}`
  return second.done ? printed(text + END) : { ...printed(text), rest: ended(pieces) }
}

const END = '\n}\n'

async function* ended(pieces: AsyncGenerator<string>): AsyncGenerator<string> {
  yield* pieces
  yield END
}

/** What is said of output that was left without its end. */
export const brokenOff = (error: unknown): Output => ({
  text: `error: the output is not complete: ${visible(asKnown(error).message)}\n`,
  exit: 1,
  stream: 'stderr',
})

/** `{"error_code": 1, …}` with the sentence of the error; what is no `HsmError` is worded here. */
export function failure(error: unknown): Output {
  const known = asKnown(error)
  return { text: envelope(1, known.message), exit: 1, stream: 'stdout' }
}

const asKnown = (error: unknown): HsmError =>
  error instanceof HsmError
    ? error
    : new HsmError(
        'internal',
        isSystemError(error) ? sentenceOf(error) : `Unexpected error: ${String(error)}`,
      )

const envelope = (error_code: 0 | 1, data: string | object): string =>
  `${visible(JSON.stringify({ error_code, data }, null, 2))}\n`
