import { createReadStream } from 'node:fs'
import { naming } from '../base/reasons.ts'
import { HsmError } from '../contract/errors.ts'
import { fromUtf8 } from '../contract/text.ts'

const MAX_BYTES = 8192

/**
 * What is in the file.
 *
 * @param path `-` for standard input
 * @throws HsmError `invalid-request` when it is more than a secret can be, or no text; errors of the operating system
 */
export async function readSecret(path: string): Promise<string> {
  const stream: AsyncIterable<Buffer> = path === '-' ? process.stdin : createReadStream(path)
  const chunks: Buffer[] = []
  let length = 0
  try {
    for await (const chunk of stream) {
      chunks.push(chunk)
      length += chunk.length
      if (length > MAX_BYTES) {
        throw new HsmError('invalid-request', `The secret must not be longer than ${MAX_BYTES} bytes`)
      }
    }
  } catch (error) {
    throw naming(path, error)
  }
  const text = fromUtf8(Buffer.concat(chunks))
  if (text !== undefined) return text
  throw new HsmError(
    'invalid-request',
    `What is in ${path === '-' ? 'standard input' : path} is not UTF-8 text`,
  )
}
