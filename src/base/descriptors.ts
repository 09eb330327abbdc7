/** Open files of this process, and paths that lead to them, such as /dev/stdout and a shell's `>(command)`. */
import { basename, dirname, isAbsolute } from 'node:path'

/** Imports would load all that they can do: a third of the time that help takes. Every program starts with this. */
const { fstatSync, readlinkSync, realpathSync, write, writeSync } = process.getBuiltinModule('node:fs')

/** As many as Linux follows (path_resolution(7)). */
const LINKS = 40
/** Higher ones that are sockets may be connections of this program itself. */
const INHERITED = 10
const AGAIN_MS = 10

/**
 * The file descriptor of this process that a path leads to, through symbolic links; undefined when it leads elsewhere.
 * Opening such a path would begin at the start of the file again, and is impossible for a socket.
 */
export function ownDescriptor(path: string): number | undefined {
  let current = path
  for (let links = 0; links <= LINKS; links += 1) {
    const descriptor = descriptorAt(current)
    if (descriptor !== undefined) return isUsable(descriptor) ? descriptor : undefined
    try {
      const target = readlinkSync(current)
      // Not made shorter: what `..` means is the system's to say.
      current = isAbsolute(target) ? target : `${dirname(current)}/${target}`
    } catch {
      return undefined
    }
  }
  return undefined
}

function descriptorAt(path: string): number | undefined {
  const name = basename(path)
  if (!/^\d{1,6}$/.test(name)) return undefined
  try {
    const directory = realpathSync.native(dirname(path))
    if (directory === '/dev/fd') return Number(name)
    const own = realpathSync.native('/proc/self')
    const rest = directory.startsWith(`${own}/`) ? directory.slice(own.length) : ''
    return /^(\/task\/\d+)?\/fd$/.test(rest) ? Number(name) : undefined
  } catch {
    return undefined
  }
}

function isUsable(descriptor: number): boolean {
  try {
    const found = fstatSync(descriptor)
    if (found.isSocket()) return descriptor < INHERITED
    return found.isFile() || found.isFIFO() || found.isCharacterDevice()
  } catch {
    return false
  }
}

/**
 * Writes all of it, however little the system takes at once, and waits for a pipe that is full.
 *
 * @throws errors of the operating system; part of it is written then
 */
export async function writeAll(descriptor: number, content: Uint8Array): Promise<void> {
  for (let done = 0; done < content.length; ) {
    try {
      done += await writeSome(descriptor, content.subarray(done))
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error
      await new Promise((resolve) => setTimeout(resolve, AGAIN_MS))
    }
  }
}

function writeSome(descriptor: number, content: Uint8Array): Promise<number> {
  const { promise, resolve, reject } = Promise.withResolvers<number>()
  write(descriptor, content, (error, written) => (error ? reject(error) : resolve(written)))
  return promise
}

/**
 * The same for files and devices, before it returns.
 *
 * @param position in a file; left out, where the descriptor stands
 */
export function writeAllNow(descriptor: number, content: Uint8Array, position?: number): void {
  for (let done = 0; done < content.length; ) {
    const at = position === undefined ? null : position + done
    done += writeSync(descriptor, content, done, content.length - done, at)
  }
}
