/** A list of any length as the JSON of `key list`, printed page by page so that it is never held as a whole. */
import { LIMITS } from '../../../contract/limits.ts'
import type { Reply, Request } from '../../../contract/operations.ts'
import { visible } from '../../../contract/shown.ts'
import type { Context } from '../../spec.ts'

type Page = Reply<'key.list'>['matched_keys']

/** Before any reference. */
const START = '0x0000000000000000'

/** The keys by reference, so that what is deleted meanwhile moves no others out of sight. `total`: how many there are. */
export async function* keyPages(
  { call }: Pick<Context, 'call'>,
  request: Omit<Request<'key.list'>, 'max-items' | 'starting-token'>,
): AsyncGenerator<{ readonly keys: Page; readonly total: number }> {
  let token: string | undefined = START
  while (token !== undefined) {
    const page: Reply<'key.list'> = await call('key.list', {
      ...request,
      'max-items': LIMITS.listPage,
      'starting-token': token,
    })
    yield { keys: page.matched_keys, total: page.total_key_count }
    token = page.next_token
  }
}

/** `data` in pieces. The counts are of what was listed, which is what was there all the time. */
export async function* listing(pages: AsyncIterable<Page>): AsyncGenerator<string> {
  let [count, text] = [0, '{\n    "matched_keys": [']
  for await (const keys of pages) {
    if (count > 0 && keys.length > 0) yield text
    if (keys.length === 0) continue
    const items = keys.map(
      (key) => `\n      ${visible(JSON.stringify(key, null, 2)).replaceAll('\n', '\n      ')}`,
    )
    text = (count > 0 ? ',' : text) + items.join(',')
    count += keys.length
  }
  const end = count === 0 ? '' : '\n    '
  yield `${text}${end}],\n    "total_key_count": ${count},\n    "returned_key_count": ${count}\n  }`
}
