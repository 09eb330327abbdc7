/** Closed loops: a fixed number of operations in flight for a while, and what that came to. */
import { processorTime } from './processor-time.ts'

export type Sample = {
  /** Items a second: operations, or what these work on. */
  readonly rate: number
  /** Of one operation, in milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** With what it took. */
type Timed = Sample & {
  /** Of the processors, for one item, in microseconds: in the process that works, and in this one. NaN where that was not asked for. */
  readonly there: number
  readonly here: number
}

type Measured = {
  readonly inFlight: number
  readonly ms: number
  readonly items?: number
  readonly pid?: number
}

/** @param operation gets a number that no other operation under way has, from 0 to inFlight − 1 */
export async function measure(
  operation: (lane: number) => unknown,
  { inFlight, ms, items = 1, pid }: Measured,
): Promise<Timed> {
  const times: number[] = []
  const spent = () =>
    [pid, process.pid].map((each) =>
      pid === undefined || each === undefined ? Number.NaN : processorTime(each),
    )
  const before = spent()
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
  const done = times.length * items
  const [there = Number.NaN, here = Number.NaN] = spent().map(
    (after, at) => (after - (before[at] ?? 0)) / done,
  )
  times.sort((a, b) => a - b)
  return { rate: done / seconds, p50: quantile(times, 0.5), p99: quantile(times, 0.99), there, here }
}

export type Contender = {
  readonly name: string
  readonly inFlight: number
  readonly operation: (lane: number) => unknown
  /** That one operation works on. Default: 1. */
  readonly items?: number
  /** Of the process that works, where its processor time and this one's are to be measured. */
  readonly pid?: number | undefined
  /** What it is held against: another one of the same race. */
  readonly against?: Contender
  /** What is aimed at for the ratio: ≥ 0.85. */
  readonly target?: string
}

/** Medians over the rounds. */
export type Standing = Timed &
  Pick<Contender, 'name' | 'inFlight' | 'target'> & {
    /** What it was held against, and the median of the ratios of the rates within a round. */
    readonly peer?: { readonly name: string; readonly rate: number; readonly ratio: number }
    /** Of the processor time that its peer took there, and that it took. */
    readonly saving: number
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
  const taken = await interleave(contenders, rounds, ({ operation, inFlight, items, pid }, counts) =>
    measure(operation, {
      inFlight,
      ms: counts ? ms : ms / 2,
      ...(items !== undefined && { items }),
      ...(pid !== undefined && { pid }),
    }),
  )
  return contenders.map(({ name, inFlight, against, target }, at) => {
    const of = (figure: keyof Timed, whose = at) => (taken[whose] ?? []).map((sample) => sample[figure])
    const other = against ? contenders.indexOf(against) : -1
    const peer = against && of('rate', other)
    return {
      name,
      inFlight,
      rate: median(of('rate')),
      p50: median(of('p50')),
      p99: median(of('p99')),
      there: median(of('there')),
      here: median(of('here')),
      saving: medianRatio(of('there', other), of('there')),
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
