/** How much one connection does in one turn of the event loop: others have theirs, too. */

export type Turn = {
  /** Whether one thing more may be done in this turn; there is a next one then. */
  take(): boolean
  /** There is a next one. */
  plan(): void
}

/** @param onNext called once in each turn that was planned */
export function createTurn(most: number, onNext: () => void): Turn {
  let left = most
  let isPlanned = false
  function plan(): void {
    if (isPlanned) return
    isPlanned = true
    setImmediate(() => {
      isPlanned = false
      left = most
      onNext()
    })
  }
  return {
    take() {
      if (left === 0) return false
      left -= 1
      plan()
      return true
    },
    plan,
  }
}
