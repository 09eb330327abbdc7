/**
 * Things that come and go at once, in no order. For what is made with every use of a key: a Set that is empty in between makes room
 * anew for each of them.
 */
export type Bag<T extends Bagged> = {
  add(one: T): void
  /** @returns whether it was there */
  remove(one: T): boolean
  /** As they are now; those that come and go later change nothing in it. */
  all(): readonly T[]
  count(): number
}

/** What a bag writes into the things that are in it. */
export type Bagged = {
  /** -1 while it is in none. Nobody else writes it. */
  place: number
}

/** Empty at first. */
export function createBag<T extends Bagged>(): Bag<T> {
  const things: T[] = []
  return {
    add(one) {
      one.place = things.push(one) - 1
    },
    remove(one) {
      const { place } = one
      if (place < 0) return false
      one.place = -1
      const last = things.pop()
      // What was at the end takes the place.
      if (last !== undefined && last !== one) {
        things[place] = last
        last.place = place
      }
      return true
    },
    all: () => [...things],
    count: () => things.length,
  }
}
