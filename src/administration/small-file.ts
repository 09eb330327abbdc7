import { createReadStream } from 'node:fs'
import { naming } from '../base/reasons.ts'
import { HsmError } from '../contract/errors.ts'
import { fromUtf8 } from '../contract/text.ts'

const MAX_BYTES = 8192

/**
 * The text in a file that somebody names, which may be a pipe or a device that never ends.
 *
 * @param path `-` for standard input
 * @param what for the beginning of a sentence
 * @throws HsmError `invalid-request` when it is longer than any secret or key, or no text; errors of the operating system
 */
export async function readSmall(path: string, what = 'The secret'): Promise<string> {
  const stream: AsyncIterable<Buffer> = path === '-' ? process.stdin : createReadStream(path)
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length > MAX_BYTES) {
        throw new HsmError('invalid-request', `${what} must not be longer than ${MAX_BYTES} bytes`)
      }
    }
  } catch (error) {
    throw naming(path, error)
  }
  const text = fromUtf8(Buffer.concat(chunks))
  if (text !== undefined) return text
  throw new HsmError('invalid-request', `What is in ${inputNamed(path)} is not UTF-8 text`)
}

/** As messages name it. @param path `-` for standard input */
export const inputNamed = (path: string): string => (path === '-' ? 'standard input' : path)
