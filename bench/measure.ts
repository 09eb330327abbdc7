/** Closed loops: a fixed number of operations in flight for a while, and what that came to. */

export type Sample = {
  /** Items a second: operations, or what these work on. */
  readonly rate: number
  /** Of one operation, in milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** @param operation gets a number that no other operation under way has, from 0 to inFlight − 1 */
export async function measure(
  operation: (lane: number) => unknown,
  { inFlight, ms, items = 1 }: { readonly inFlight: number; readonly ms: number; readonly items?: number },
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
  return { rate: (times.length * items) / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99) }
}

export type Contender = {
  readonly name: string
  readonly inFlight: number
  readonly operation: (lane: number) => unknown
  /** That one operation works on. Default: 1. */
  readonly items?: number
  /** What it is held against: another one of the same race. */
  readonly against?: Contender
  /** What is aimed at for the ratio: ≥ 0.85. */
  readonly target?: string
}

/** Medians over the rounds. */
export type Standing = Sample &
  Pick<Contender, 'name' | 'inFlight' | 'target'> & {
    /** What it was held against, and the median of the ratios of the rates within a round. */
    readonly peer?: { readonly name: string; readonly rate: number; readonly ratio: number }
  }

export type Rounds = { readonly rounds?: number; readonly ms?: number }

/**
 * Takes one sample of each contender in turn, several times over, so that all of them see the same weather. The first round
 * warms up and does not count.
 *
 * @param take gets whether the sample counts
 * @returns of each contender, in their order, the sample of each round
 */
export async function interleave<C, S>(
  contenders: readonly C[],
  rounds: number,
  take: (contender: C, counts: boolean) => S | Promise<S>,
): Promise<readonly (readonly S[])[]> {
  const taken: S[][] = contenders.map(() => [])
  for (let round = -1; round < rounds; round++) {
    for (const [at, contender] of contenders.entries()) {
      const sample = await take(contender, round >= 0)
      if (round >= 0) taken[at]?.push(sample)
    }
  }
  return taken
}

/** The median of the ratios within a round: what slows down a whole round is not in it. */
export const medianRatio = (mine: readonly number[], theirs: readonly number[]): number =>
  median(mine.map((figure, round) => figure / (theirs[round] ?? Number.NaN)))

/** Runs contenders in turn. */
export async function race(
  contenders: readonly Contender[],
  { rounds = 5, ms = 500 }: Rounds = {},
): Promise<readonly Standing[]> {
  const taken = await interleave(contenders, rounds, ({ operation, inFlight, items }, counts) =>
    measure(operation, { inFlight, ms: counts ? ms : ms / 2, ...(items !== undefined && { items }) }),
  )
  return contenders.map(({ name, inFlight, against, target }, at) => {
    const of = (figure: keyof Sample, whose = at) => (taken[whose] ?? []).map((sample) => sample[figure])
    const peer = against && of('rate', contenders.indexOf(against))
    return {
      name,
      inFlight,
      rate: median(of('rate')),
      p50: median(of('p50')),
      p99: median(of('p99')),
      ...(target !== undefined && { target }),
      ...(peer && { peer: { name: against.name, rate: median(peer), ratio: medianRatio(of('rate'), peer) } }),
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
