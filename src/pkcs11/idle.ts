/** Tells when a connection has been quiet for a while, and when it no longer is. */

/** Long enough that a program at work costs no more than one report. */
const QUIET_MS = 1000

export type IdleWatch = {
  busy(): void
  quiet(): void
  end(): void
}

/** @param onBusy called once after each `onIdle` */
export function createIdleWatch(onIdle: () => void, onBusy: () => void): IdleWatch {
  let reported = false
  let quietSince: number | undefined
  let timer: NodeJS.Timeout | undefined

  function look(): void {
    timer = undefined
    if (quietSince === undefined || reported) return
    const left = quietSince + QUIET_MS - performance.now()
    if (left > 0) {
      wait(left)
    } else {
      reported = true
      onIdle()
    }
  }

  function wait(ms: number): void {
    timer = setTimeout(look, ms)
    timer.unref()
  }

  return {
    busy() {
      quietSince = undefined
      if (!reported) return
      reported = false
      onBusy()
    },
    quiet() {
      quietSince = performance.now()
      if (!timer && !reported) wait(QUIET_MS)
    },
    end: () => clearTimeout(timer),
  }
}
