/** Something limited that many hold pieces of, none of them too many. */

export type Pool = {
  /** @returns whether there was so much, for this holder; nothing is taken otherwise */
  take(holder: string, amount: number): boolean
  give(holder: string, amount: number): void
}

/** @param each the most that one holder can have */
export function createPool({ total, each }: { readonly total: number; readonly each: number }): Pool {
  const held = new Map<string, number>()
  let taken = 0
  return {
    take(holder, amount) {
      const mine = (held.get(holder) ?? 0) + amount
      if (taken + amount > total || mine > each) return false
      taken += amount
      held.set(holder, mine)
      return true
    },
    give(holder, amount) {
      taken -= amount
      const mine = (held.get(holder) ?? 0) - amount
      if (mine > 0) held.set(holder, mine)
      else held.delete(holder)
    },
  }
}
