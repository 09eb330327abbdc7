/** One command for all keys that match: which they are, what becomes of each, and what that comes to. */
import { HsmError } from '../../../contract/errors.ts'
import type { Criteria } from '../../../contract/filters.ts'
import { LIMITS } from '../../../contract/limits.ts'
import type { Reply, Request } from '../../../contract/operations.ts'
import type { KeyOutcome } from '../../../contract/several-keys.ts'
import type { Args, Context, Data, Options, Progress } from '../../spec.ts'
import { moreCriteria } from '../options.ts'
import { keyPages } from './pages.ts'

const NEEDS = { needs: 'all-matching' } as const

export const allMatchingOptions = {
  'all-matching': {
    extension: true,
    help: 'Every key that matches instead of exactly one. --filter can be left out if there is another criterion',
  },
  'dry-run': {
    extension: true,
    ...NEEDS,
    help: 'Show what would happen to each key and why, and change nothing',
  },
  ...moreCriteria(NEEDS),
} as const satisfies Options

/** `share` and `shared`. `already`: the refusal that means that it was so before. */
export type Verb = {
  readonly infinitive: string
  readonly participle: string
  readonly already?: 'already-shared' | 'not-shared'
}

type Several = Pick<Request<'key.delete-many'>, 'keys' | 'dry-run'> & Criteria
type Ask = (request: Several) => Promise<Reply<'key.delete-many'>>
type Key = Reply<'key.list'>['matched_keys'][number]

/** What became of a key, in a word, and why if that is not clear; and what it counts as. */
type KeyResult = { readonly outcome: string; readonly reason?: string; readonly counts: keyof Tally }
type Tally = { changed: number; unchanged: number; failed: number }

/** Each key is decided on by itself. When the HSM fails to answer half way, those that are left are not tried. */
export async function forAllMatching(
  args: Args<typeof allMatchingOptions> & { readonly filter?: string[] },
  context: Context,
  verb: Verb,
  ask: Ask,
): Promise<Data> {
  const criteria = criteriaOf(args)
  const dryRun = args['dry-run'] === true
  const progress = context.progress()
  try {
    const keys = await matching(context, criteria)
    const asked = (references: string[]) => ask({ ...criteria, keys: references, 'dry-run': dryRun })
    const done = dryRun ? `would-${verb.infinitive}` : verb.participle
    const results = await resultsOf(keys, asked, { ...verb, participle: done }, progress)
    const data = summary(keys, results, verb, dryRun)
    progress.end(data.message)
    return data
  } finally {
    progress.end()
  }
}

/** For `failed` of an action. */
export const someFailed = (data: Data): boolean =>
  typeof data === 'object' && 'failed_key_count' in data && data.failed_key_count !== 0

function criteriaOf(args: Omit<Criteria, 'filter'> & { readonly filter?: string[] }): Criteria {
  const { filter = [], 'label-glob': glob, owner, 'shared-with': sharedWith } = args
  if (filter.length === 0 && [glob, owner, sharedWith].every((criterion) => criterion === undefined)) {
    throw new HsmError(
      'invalid-request',
      '--all-matching needs at least one of --filter, --label-glob, --owner and --shared-with',
    )
  }
  return { filter, 'label-glob': glob, owner, 'shared-with': sharedWith }
}

async function matching(context: Context, criteria: Criteria): Promise<readonly Key[]> {
  const found: Key[] = []
  for await (const { keys } of keyPages(context, criteria)) for (const key of keys) found.push(key)
  return found
}

async function resultsOf(
  keys: readonly Key[],
  ask: (references: string[]) => ReturnType<Ask>,
  verb: Verb,
  progress: Progress,
): Promise<readonly KeyResult[]> {
  const results: KeyResult[] = []
  // Once also without any key, so that a user who does not exist is told in any case.
  for (let at = 0; at === 0 || at < keys.length; at += LIMITS.keysAtOnce) {
    const batch = keys.slice(at, at + LIMITS.keysAtOnce)
    try {
      const { outcomes } = await ask(batch.map((key) => key['key-reference']))
      results.push(...outcomes.map((outcome) => resultOf(outcome, verb)))
    } catch (error) {
      if (at === 0 || !(error instanceof HsmError)) throw error
      const left = keys
        .slice(at + batch.length)
        .map((): KeyResult => ({ outcome: 'not-tried', counts: 'failed' }))
      return [...results, ...batch.map(() => failedWith(error)), ...left]
    }
    progress.show(results.length, keys.length)
  }
  return results
}

function resultOf(outcome: KeyOutcome, { participle, already }: Verb): KeyResult {
  if (outcome.outcome === 'done') return { outcome: participle, counts: 'changed' }
  if (outcome.outcome === 'not-selected') return { outcome: 'no-longer-matching', counts: 'unchanged' }
  const { code, reason } = outcome
  return code === already
    ? { outcome: code, counts: 'unchanged' }
    : { outcome: 'refused', reason, counts: 'failed' }
}

/** Whether it was done is sometimes not known, and the reason says so. */
function failedWith({ code, message }: HsmError): KeyResult {
  const isOpen = code === 'unconfirmed' || code === 'unavailable'
  return { outcome: isOpen ? 'unconfirmed' : 'failed', reason: message, counts: 'failed' }
}

function summary(keys: readonly Key[], results: readonly KeyResult[], { participle }: Verb, dryRun: boolean) {
  const tally: Tally = { changed: 0, unchanged: 0, failed: 0 }
  for (const { counts } of results) tally[counts] += 1
  const parts = [
    `${tally.changed} of ${keys.length} keys ${dryRun ? 'would be ' : ''}${participle}`,
    tally.unchanged > 0 ? `${tally.unchanged} left as they were` : [],
    tally.failed > 0 ? `${tally.failed} ${dryRun ? 'would fail' : 'failed'}` : [],
  ].flat()
  return {
    dry_run: dryRun,
    matched_keys: keys.map((key, at) => {
      const { outcome, reason } = results[at] as KeyResult
      return { ...key, outcome, ...(reason !== undefined && { reason }) }
    }),
    total_key_count: keys.length,
    changed_key_count: tally.changed,
    unchanged_key_count: tally.unchanged,
    failed_key_count: tally.failed,
    message: parts.join(', '),
  }
}
