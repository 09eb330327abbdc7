import * as v from 'valibot'

const coverage = v.picklist(['full', 'inconsistent'])
const holder = v.object({ username: v.string(), 'key-coverage': coverage })

/** How a key is shown, members in the order in which they are printed. */
export const keyObject = v.object({
  'key-reference': v.string(),
  'key-info': v.object({
    'key-owners': v.array(holder),
    'shared-users': v.array(holder),
    'key-quorum-values': v.object({
      'manage-key-quorum-value': v.number(),
      'use-key-quorum-value': v.number(),
    }),
    'cluster-coverage': coverage,
  }),
  attributes: v.record(v.string(), v.union([v.string(), v.boolean(), v.number()])),
})
export type KeyObject = v.InferOutput<typeof keyObject>

/** What `key list` shows of a key without `--verbose`, and to an admin. */
export const keySummary = v.object({
  'key-reference': v.string(),
  attributes: v.object({ label: v.string() }),
})
export type KeySummary = v.InferOutput<typeof keySummary>
