import { HsmError } from '../contract/errors.ts'

/**
 * Work under the same name, one piece after another in the order of asking; under different names, side by side. Throws `busy`
 * when as many as `most` wait or work under this name already.
 */
export type Turns = <R>(name: string, work: () => Promise<R>, most?: number) => Promise<R>

type Line = { last: Promise<unknown>; length: number }

export function createTurns(): Turns {
  const lines = new Map<string, Line>()
  return async (name, work, most = Number.POSITIVE_INFINITY) => {
    const line = lines.get(name) ?? { last: Promise.resolve(), length: 0 }
    if (line.length >= most) throw new HsmError('busy')
    const before = line.last
    const mine = (async () => {
      await before.catch(() => undefined)
      return work()
    })()
    line.last = mine
    line.length += 1
    lines.set(name, line)
    try {
      return await mine
    } finally {
      line.length -= 1
      if (line.length === 0) lines.delete(name)
    }
  }
}
