/** Files that commands read and write, with errors that name the option and the path. */
import { randomUUID } from 'node:crypto'
import { constants, createReadStream } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { HsmError } from '../contract/errors.ts'
import { reasonOf } from '../contract/reasons.ts'
import { shown } from '../contract/shown.ts'

/**
 * The chunks of a file of any size.
 *
 * @param option that named the file, such as `--data-path`
 * @throws HsmError `invalid-data`
 */
export async function* readChunks(option: string, path: string): AsyncGenerator<Buffer> {
  try {
    yield* createReadStream(path) as AsyncIterable<Buffer>
  } catch (error) {
    throw failed(option, path, 'read', error)
  }
}

/** @throws HsmError `invalid-data`, also for a file of more than `most` bytes */
export async function readSmall(option: string, path: string, most: number): Promise<Buffer> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of readChunks(option, path)) {
    size += chunk.length
    if (size > most)
      throw new HsmError('invalid-data', `${option}: ${shown(path)} is larger than ${most} bytes`)
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

/**
 * Replaces the file as a whole, or not at all. What is neither a file nor absent, such as a device, is left alone.
 *
 * @param mode less what the umask takes away
 * @throws HsmError `invalid-data`
 */
export async function writeWhole(
  option: string,
  path: string,
  content: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const there = await stat(path).catch(() => undefined)
  if (there && !there.isFile() && !there.isDirectory()) {
    throw new HsmError('invalid-data', `${option}: cannot write ${shown(path)}: it is not a regular file`)
  }
  const temporary = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    const file = await open(temporary, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, mode)
    try {
      await file.writeFile(content)
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined)
    throw failed(option, path, 'write', error)
  }
}

function failed(option: string, path: string, verb: 'read' | 'write', error: unknown): HsmError {
  const message = `${option}: cannot ${verb} ${shown(path)}: ${reasonOf(error)}`
  return new HsmError('invalid-data', message, { cause: error })
}
