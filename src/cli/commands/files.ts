/** Files that commands read and write, with errors that name the option and the path. */
import { createReadStream } from 'node:fs'
import { isPartlyOverwritten } from '../../base/durable.ts'
import type { Audience } from '../../base/output-file.ts'
import { reasonOf } from '../../base/reasons.ts'
import { isStandardOutput } from '../../base/standard-streams.ts'
import { HsmError } from '../../contract/errors.ts'
import { shown } from '../../contract/shown.ts'
import type { Context } from '../spec.ts'

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

export type OutputFile = {
  /** That named the path, such as `--signature-path`. */
  readonly option: string
  readonly path: string
  /** Who may read it, if it is new. */
  readonly audience: Audience
}

/**
 * Writes to what the path names, as `writeOutput` of base/ does, or hands it to `standardOutput`.
 *
 * @throws HsmError `invalid-data`
 */
export async function saveOutput(
  { option, path, audience }: OutputFile,
  content: string | Uint8Array,
  { standardOutput }: Pick<Context, 'standardOutput'>,
): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content
  if (isStandardOutput(path)) return standardOutput(bytes)
  try {
    // Loaded when there is something to write: all commands of `key` and `crypto` are read together.
    const { writeOutput } = await import('../../base/output-file.ts')
    await writeOutput(path, bytes, audience)
  } catch (error) {
    const left = isPartlyOverwritten(error) ? '; what was in it is partly overwritten' : ''
    throw failed(option, path, 'write', error, left)
  }
}

function failed(option: string, path: string, verb: 'read' | 'write', error: unknown, left = ''): HsmError {
  const message = `${option}: cannot ${verb} ${shown(path)}: ${reasonOf(error)}${left}`
  return new HsmError('invalid-data', message, { cause: error })
}
