/** Waits of one length, any number of them on one timer (a timing wheel: Varghese and Lauck, 1987). */

export type Waits = {
  /**
   * Calls `late` when the time is over, or up to an eighth of it later, unless it is called off.
   *
   * @returns calls it off
   */
  begin(late: () => void): () => void
}

const STEPS = 8

type Wait = { readonly late: () => void }

/** @param ms that each of them takes */
export function createWaits(ms: number): Waits {
  // The first step that a wait sees has begun before it.
  let slots = Array.from({ length: STEPS + 1 }, () => new Set<Wait>())
  let waiting = 0
  let timer: NodeJS.Timeout | undefined

  function step(): void {
    const [due = new Set(), ...others] = slots
    slots = [...others, due]
    const over = [...due]
    due.clear()
    waiting -= over.length
    timer = undefined
    look()
    for (const wait of over) wait.late()
  }
  function look(): void {
    if (timer || waiting === 0) return
    timer = setTimeout(step, ms / STEPS)
    timer.unref()
  }
  return {
    begin(late) {
      const wait: Wait = { late }
      const slot = slots[STEPS]
      slot?.add(wait)
      waiting += 1
      look()
      return () => {
        if (slot?.delete(wait)) waiting -= 1
      }
    },
  }
}
