/** The lines of an export as they stand in the file. Nothing but a line feed ends one: values may have any other separator of lines. */
import { fromUtf8 } from '../contract/text.ts'

const LINE_FEED = 0x0a
/** No entry is nearly as long. */
const MAX_BYTES = 4 * 1024 * 1024

/** @returns each line without its line feed; undefined for one that is no UTF-8 text, and, as the last, for one that is too long or has no line feed */
export async function* exportLines(bytes: AsyncIterable<Buffer>): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = []
  let length = 0
  for await (const chunk of bytes) {
    let from = 0
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      yield fromUtf8(Buffer.concat([...parts, chunk.subarray(from, end)]))
      parts = []
      length = 0
      from = end + 1
    }
    const rest = chunk.subarray(from)
    parts.push(rest)
    length += rest.length
    if (length > MAX_BYTES) return yield undefined
  }
  if (length > 0) yield undefined
}
