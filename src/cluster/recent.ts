/** The latest durations of something, of which a few numbers are told. */

const KEPT = 256

export interface Recent {
  note(seconds: number): void
  /** Of the latest ones, in milliseconds; undefined when there are none. */
  summary(): { readonly count: number; readonly 'p50-ms': number; readonly 'max-ms': number } | undefined
}

/** The latest 256 count. */
export function createRecent(): Recent {
  let latest: readonly number[] = []
  return {
    note(seconds) {
      latest = [...latest, seconds].slice(-KEPT)
    },
    summary() {
      const sorted = latest.toSorted((a, b) => a - b)
      const [median, longest] = [sorted[Math.floor((sorted.length - 1) / 2)], sorted.at(-1)]
      if (median === undefined || longest === undefined) return undefined
      return { count: sorted.length, 'p50-ms': inMs(median), 'max-ms': inMs(longest) }
    },
  }
}

const inMs = (seconds: number): number => Math.round(seconds * 10_000) / 10
