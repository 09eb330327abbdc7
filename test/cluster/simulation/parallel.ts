/** Runs simulations on all processors, and away from the test runner, whose bookkeeping of promises doubles their time. */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { parentPort, Worker } from 'node:worker_threads'
import { BOUNDED_MUTANTS, FENCE_MUTANTS, MUTANTS, type Mutation } from './mutants.ts'
import type { Outcome } from './records.ts'
import { simulate } from './simulate.ts'

export type Options = {
  readonly fence: boolean
  readonly bounded: boolean
  readonly faults?: boolean
  readonly mutant?: string
}
type Seeded = Outcome & { readonly seed: number }
type Work = { readonly seeds: readonly number[]; readonly options: Options }

/** Seeds that a worker gets at a time: few enough that whoever looks for one breach need not wait for all. */
const SHARE = 25

/** In the order of the seeds, share by share. */
export async function* simulateAll(seeds: readonly number[], options: Options): AsyncGenerator<Seeded> {
  const count = Math.min(availableParallelism(), Math.ceil(seeds.length / SHARE))
  const workers = Array.from(
    { length: count },
    () => new Worker(new URL(import.meta.url), { execArgv: ['--disable-warning=ExperimentalWarning'] }),
  )
  try {
    for (let at = 0; at < seeds.length; at += SHARE * count) {
      const outcomes = await Promise.all(
        workers.map((worker, share) => {
          const from = at + share * SHARE
          return ask(worker, { seeds: seeds.slice(from, from + SHARE), options })
        }),
      )
      yield* outcomes.flat()
    }
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()))
  }
}

async function ask(worker: Worker, work: Work): Promise<readonly Seeded[]> {
  worker.postMessage(work)
  const [outcomes] = (await once(worker, 'message')) as [readonly Seeded[]]
  return outcomes
}

async function answer({ seeds, options: { fence, bounded, faults = true, mutant } }: Work): Promise<void> {
  const mutants: Readonly<Record<string, Mutation>> = { ...MUTANTS, ...FENCE_MUTANTS, ...BOUNDED_MUTANTS }
  const mutation = (mutant !== undefined && mutants[mutant]) || {}
  const outcomes: Seeded[] = []
  for (const seed of seeds)
    outcomes.push({ seed, ...(await simulate({ seed, fence, bounded, faults, mutation })) })
  parentPort?.postMessage(outcomes)
}

parentPort?.on('message', (work: Work) => void answer(work))
