/** Time and chance of a simulated world: what happens next depends on the seed and on nothing else. */
import { setImmediate } from 'node:timers/promises'

export interface Chance {
  /** From 0 up to, not including, 1. */
  next(): number
  between(low: number, high: number): number
  /** @param probability from 0 to 1 */
  happens(probability: number): boolean
  pick<T>(items: readonly [T, ...T[]]): T
}

/** Mulberry32. */
export function createChance(seed: number): Chance {
  let state = seed >>> 0
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  return {
    next,
    between: (low, high) => low + next() * (high - low),
    happens: (probability) => next() < probability,
    pick: (items) => items[Math.floor(next() * items.length)] ?? items[0],
  }
}

export interface VirtualTime {
  /** Milliseconds since the beginning. */
  now(): number
  at(time: number, event: () => void): void
  /** Runs events in the order of their times until none is left before `end`. */
  run(end: number): Promise<void>
}

type Scheduled = { readonly time: number; readonly order: number; readonly event: () => void }

const before = (a: Scheduled, b: Scheduled): boolean =>
  a.time < b.time || (a.time === b.time && a.order < b.order)

export function createVirtualTime(): VirtualTime {
  const heap: Scheduled[] = []
  let now = 0
  let order = 0

  function push(one: Scheduled): void {
    let at = heap.push(one) - 1
    while (at > 0) {
      const parent = (at - 1) >> 1
      const above = heap[parent]
      if (!above || before(above, one)) break
      heap[at] = above
      at = parent
    }
    heap[at] = one
  }

  function pop(): Scheduled | undefined {
    const top = heap[0]
    const last = heap.pop()
    if (!last || heap.length === 0) return top
    let at = 0
    for (;;) {
      const left = 2 * at + 1
      const [a, b] = [heap[left], heap[left + 1]]
      const child = a && b && before(b, a) ? left + 1 : left
      const below = heap[child]
      if (!below || before(last, below)) break
      heap[at] = below
      at = child
    }
    heap[at] = last
    return top
  }

  return {
    now: () => now,
    at: (time, event) => push({ time: Math.max(time, now), order: order++, event }),
    async run(end) {
      for (;;) {
        const next = heap[0]
        if (!next || next.time > end) break
        pop()
        now = next.time
        next.event()
        // What the event set free runs to its end before time goes on.
        await setImmediate()
      }
      now = end
    },
  }
}
