/** Messages in parts, as a session sends them. */
import type { Mechanism } from '../../src/contract/mechanisms.ts'
import type { Reply, Request } from '../../src/contract/operations.ts'
import { reference, type World } from './world.ts'

export type Start = Request<'crypto.begin'>
type Last = Omit<Request<'crypto.finish'>, 'stream'>

const NONE = Buffer.alloc(0)

export const signing = (key: string, mechanism: Mechanism): Start => ({
  filter: reference(key),
  purpose: 'sign',
  mechanism,
})

export type Parts = ReturnType<typeof messageParts>

/** The steps, as alice unless another session's token is given. */
export function messageParts(world: World) {
  const call = world.hsm.call
  const alice = () => world.token('alice')
  const begin = (start: Start, token = alice()) => call('crypto.begin', start, token)
  const update = (stream: string, data: string, token = alice()) =>
    call('crypto.update', { stream, data }, token)
  const finish = (stream: string, last: Last = {}, token = alice()) =>
    call('crypto.finish', { stream, ...last }, token)
  const cancel = (stream: string, token = alice()) => call('crypto.cancel', { stream }, token)

  /** All parts but the last in updates. @returns what came out of all steps */
  async function send(
    start: Start,
    parts: readonly Buffer[],
    signature?: string,
  ): Promise<{ begun: Reply<'crypto.begin'>; end: Reply<'crypto.finish'>; out: Buffer }> {
    const begun = await begin(start)
    const out: Buffer[] = []
    for (const part of parts.slice(0, -1)) {
      out.push((await update(begun.stream, part.toString('base64'))).data ?? NONE)
    }
    const data = (parts.at(-1) ?? Buffer.alloc(0)).toString('base64')
    const end = await finish(begun.stream, signature === undefined ? { data } : { data, signature })
    return { begun, end, out: Buffer.concat([...out, end.data ?? NONE]) }
  }
  return { begin, update, finish, cancel, send }
}
