/** One timer for what a connection is waited for. */

export type Deadline<Wait extends string> = {
  /**
   * What is waited for from now on. The clock starts when that changes, and stands still while nothing is.
   *
   * @param count tells one wait from another of the same kind
   */
  wait(what: Wait | undefined, count?: number): void
}

/** @param patience milliseconds for each kind */
export function createDeadline<Wait extends string>(
  patience: Readonly<Record<Wait, number>>,
  onLate: (what: Wait) => void,
): Deadline<Wait> {
  let current: Wait | undefined
  let counted = 0
  let timer: NodeJS.Timeout | undefined
  return {
    wait(what, count = 0) {
      if (what === current && count === counted) return
      clearTimeout(timer)
      current = what
      counted = count
      if (what === undefined) return
      timer = setTimeout(onLate, patience[what], what)
      timer.unref()
    },
  }
}
