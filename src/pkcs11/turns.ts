/** Work that must not overlap, in the order in which it came. */

/** Runs `body` when everything that came before under the same name has ended, however it ended. */
export type Turns = <T>(name: number | string, body: () => Promise<T>) => Promise<T>

export function createTurns(): Turns {
  const last = new Map<number | string, Promise<unknown>>()
  return async (name, body) => {
    const before = last.get(name)
    const mine = before === undefined ? body() : before.then(body, body)
    last.set(name, mine)
    try {
      return await mine
    } finally {
      if (last.get(name) === mine) last.delete(name)
    }
  }
}
