/** Waiting of which only that time counts in which an answer could have been noticed. */

const STEPS = 10

/**
 * Calls `late` once `ms` have passed, unless that is called off. Time in which this process did not get to run counts for
 * next to nothing, however long it was, and an answer that is there when the time is over comes first.
 *
 * @returns calls it off
 */
export function afterWaiting(ms: number, late: () => void): () => void {
  let immediate: NodeJS.Immediate | undefined
  let left = STEPS
  let timer = setTimeout(step, ms / STEPS)
  function step(): void {
    left -= 1
    if (left > 0) timer = setTimeout(step, ms / STEPS)
    // What has come in meanwhile is read before that.
    else immediate = setImmediate(late)
  }
  return () => {
    clearTimeout(timer)
    clearImmediate(immediate)
  }
}
