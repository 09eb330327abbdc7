/** Closed loops: a fixed number of operations in flight for a while, and what that came to. */

export type Sample = {
  /** Operations a second. */
  readonly rate: number
  /** Of one operation, in milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** @param operation gets a number that no other operation under way has, from 0 to inFlight − 1 */
export async function measure(
  operation: (lane: number) => unknown,
  { inFlight, ms }: { readonly inFlight: number; readonly ms: number },
): Promise<Sample> {
  const times: number[] = []
  const start = performance.now()
  const lane = async (number: number) => {
    for (let now = start; now - start < ms; ) {
      await operation(number)
      const then = now
      now = performance.now()
      times.push(now - then)
    }
  }
  await Promise.all(Array.from({ length: inFlight }, (_, number) => lane(number)))
  const seconds = (performance.now() - start) / 1000
  times.sort((a, b) => a - b)
  return { rate: times.length / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

export type Contender = {
  readonly name: string
  readonly inFlight: number
  readonly operation: (lane: number) => unknown
}
export type Standing = Sample & {
  readonly name: string
  readonly inFlight: number
  readonly ratio: number | undefined
}

/**
 * Runs contenders in turn, several rounds, so that all of them see the same weather. Figures are medians over the
 * rounds, ratios medians of the rates' ratios within a round.
 *
 * @param against which contender, by its place, each one is held against; undefined for none
 */
export async function race(
  contenders: readonly Contender[],
  against: readonly (number | undefined)[],
  { rounds = 5, ms = 500 } = {},
): Promise<readonly Standing[]> {
  const results: Sample[][] = contenders.map(() => [])
  for (let round = -1; round < rounds; round++) {
    for (const [at, { operation, inFlight }] of contenders.entries()) {
      const sample = await measure(operation, { inFlight, ms: round < 0 ? ms / 2 : ms })
      if (round >= 0) results[at]?.push(sample)
    }
  }
  return contenders.map(({ name, inFlight }, at) => {
    const mine = results[at] ?? []
    const reference = against[at]
    const theirs = reference === undefined ? undefined : results[reference]
    const of = (figure: keyof Sample) => median(mine.map((sample) => sample[figure]))
    const ratios = theirs && mine.map(({ rate }, round) => rate / (theirs[round]?.rate ?? Number.NaN))
    return {
      name,
      inFlight,
      rate: of('rate'),
      p50: of('p50'),
      p99: of('p99'),
      ratio: ratios && median(ratios),
    }
  })
}

export const median = (values: readonly number[]): number =>
  quantile(
    values.toSorted((a, b) => a - b),
    0.5,
  )

/** @param sorted ascending */
export const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN
