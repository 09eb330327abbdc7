/** Standard output and standard error, which may be full or have lost their reader: no write fails unnoticed. */
import { ownDescriptor, writeAllNow } from './descriptors.ts'
import { reasonOf } from './reasons.ts'

/** An import would load all that it can do, and every program starts with this. */
const { fstatSync, statSync } = process.getBuiltinModule('node:fs')

const DESCRIPTORS = { stdout: 1, stderr: 2 } as const
type Stream = keyof typeof DESCRIPTORS

/**
 * Whether the path stands for standard output: `-`, or one that leads there, such as /dev/stdout. What is written to it is
 * alone there then.
 */
export const isStandardOutput = (path: string): boolean =>
  path === '-' || ownDescriptor(path) === DESCRIPTORS.stdout

/**
 * Writes all of it, one after another.
 *
 * @throws errors of the operating system
 */
async function write(stream: Stream, content: string | Uint8Array): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  if (bytes.length === 0) return
  // The stream that Node makes of a file or a device takes a write that was cut short for a whole one.
  if (isFileOrDevice(stream)) return writeAllNow(DESCRIPTORS[stream], bytes)
  const target = process[stream]
  if (target.listenerCount('error') === 0) target.on('error', () => undefined)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  target.write(bytes, (error) => (error ? reject(error) : resolve()))
  return promise
}

function isFileOrDevice(stream: Stream): boolean {
  const found = fstatSync(DESCRIPTORS[stream])
  if (found.isFile()) return true
  if (!found.isCharacterDevice()) return false
  // Whether it is a terminal is known by the stream, which takes as long to make as all else that a short command does.
  return found.rdev === statSync('/dev/null', { throwIfNoEntry: false })?.rdev || !process[stream].isTTY
}

/** Output could not be written; it has been told already, where there was somebody to tell. */
const GONE = Symbol('gone')

/** Whether the error says no more than that output could not be written. */
export const isOutputGone = (error: unknown): boolean =>
  typeof error === 'object' && error !== null && GONE in error

/**
 * Writes to standard output. When that cannot be, standard error tells why, unless the reader has just had enough, as
 * `head` has.
 *
 * @throws an error that `isOutputGone` knows
 */
export async function writeOutput(content: string | Uint8Array): Promise<void> {
  try {
    await write('stdout', content)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EPIPE') {
      await tell(`error: standard output cannot be written: ${reasonOf(error)}\n`)
    }
    throw Object.assign(error as Error, { [GONE]: true })
  }
}

let unwritten: Promise<unknown> = Promise.resolve()

/** Writes to standard error; nobody is left who could be told if that fails. */
export function tell(text: string): Promise<void> {
  const written = write('stderr', text).catch(() => undefined)
  unwritten = Promise.all([unwritten, written])
  return written
}

/** Resolves when all that was told before is written, also by those who did not wait for it. */
export async function told(): Promise<void> {
  await unwritten
}
