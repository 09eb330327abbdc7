/** The options of `strongroom audit` and `audit-policy`, and what their values mean. */
import type { Args, Option, Options } from '../../cli/spec.ts'
import { KEY_USE_LIMITS } from '../../contract/audit-policy.ts'
import { ERRORS, HsmError } from '../../contract/errors.ts'
import type { Request } from '../../contract/operations.ts'
import { shown } from '../../contract/shown.ts'
import { didYouMean } from '../../contract/similar.ts'
import { HOME, JSON_OUTPUT } from '../options.ts'
import type { AuditOptions } from './print.ts'
import { DURATIONS, inUnits, quantity, SIZES } from './quantities.ts'

const JOURNAL_OF = {
  home: HOME,
  hsm: { value: 'ID', help: 'HSM whose journal to read', fallback: 'the one that runs' },
  'key-use': { help: 'Read the key-use journal instead of the audit log' },
} as const satisfies Options

const SINCE = {
  value: 'TIME',
  help: 'Only entries from then on: a time (RFC 3339, 2026-11-28T14:00:00Z) or a duration (90s, 30m, 2h, 7d)',
} as const satisfies Option

const AFTER = {
  value: 'SEQUENCE',
  count: true,
  help: 'Only entries after the one with this number',
} as const satisfies Option

export const AUDIT = {
  ...JOURNAL_OF,
  hsm: { ...JOURNAL_OF.hsm, help: 'HSM whose journal to print; all for one timeline of the cluster' },
  since: SINCE,
  until: { value: 'TIME', help: 'Only entries up to then, given as for --since' },
  after: AFTER,
  user: { value: 'NAME', help: 'Only entries of this user or about this user' },
  key: { value: 'KEY', help: 'Only entries about this key: its reference, or a label that it has or had' },
  operation: { value: 'NAME', help: 'Only entries of this operation; key.* for all that begin so' },
  outcome: {
    value: 'CODE',
    help: 'Only entries with this outcome: ok, an error code, or refused for all errors',
  },
  follow: { help: 'Print new entries as they come' },
  format: {
    value: 'FORMAT',
    choices: { text: '', json: '', cloudhsm: '' },
    help: 'Lines of text, JSON Lines, or the records of CloudHSM',
    fallback: 'text',
  },
  json: { help: 'The same as --format json', conflicts: ['format'] },
} as const satisfies Options

export const AUDIT_VERIFY = {
  FILE: {
    value: 'FILE',
    positional: true,
    help: 'An export to verify, on a machine without an HSM too; - for standard input',
  },
  key: {
    value: 'FILE',
    help: 'Public key of the cluster, as audit key prints it; needed with FILE',
    conflicts: ['hsm'],
  },
  home: HOME,
  hsm: { value: 'ID', help: 'HSM whose journals to verify, or all', fallback: 'the one that runs' },
} as const satisfies Options

export const AUDIT_EXPORT = {
  ...JOURNAL_OF,
  since: { ...SINCE, help: `${SINCE.help}. The hour before is exported with it` },
  after: AFTER,
} as const satisfies Options

export const AUDIT_POLICY_SHOW = { home: HOME, json: JSON_OUTPUT } as const satisfies Options

export const AUDIT_POLICY_SET = {
  ...AUDIT_POLICY_SHOW,
  'key-use': {
    value: 'WHAT',
    choices: {
      off: 'record nothing',
      sampled: 'of uses that are alike, the first in each minute and the number of the others',
      all: 'record every use',
    },
    help: 'Uses of keys that are recorded, on every HSM',
  },
  'on-full': {
    value: 'WHAT',
    choices: {
      'drop-oldest': 'the oldest entries make room; a use never waits for its entry',
      refuse: 'a use whose entry is not on disk delivers no result',
    },
    help: 'What happens when the journal has its size, or the disk is full',
  },
  'max-size': {
    value: 'SIZE',
    help: 'Size of the journal on each HSM, from 1MiB on, such as 512MiB or 2GiB',
  },
  'max-age': { value: 'DURATION', help: 'Age at which entries are dropped, such as 90d; none to keep them' },
} as const satisfies Options

/** @param now Unix time in milliseconds. Throws HsmError `invalid-request` naming the option at fault */
export function auditOptions(options: Args<typeof AUDIT>, now: number): Omit<AuditOptions, 'who' | 'print'> {
  const { hsm, since, until, user, key, operation, outcome, after, follow, format, json } = options
  if (follow && until !== undefined)
    throw new HsmError('invalid-request', '--follow has no end, and --until is one')
  if (outcome !== undefined && !['ok', 'refused', ...Object.keys(ERRORS)].includes(outcome))
    throw wrong(
      '--outcome',
      outcome,
      'ok, refused, or an error code such as not-permitted',
      Object.keys(ERRORS),
    )
  const from = since === undefined ? undefined : instant('--since', since, now)
  const to = until === undefined ? undefined : instant('--until', until, now)
  if (from !== undefined && to !== undefined && to < from)
    throw new HsmError('invalid-request', '--until must not be before --since')
  return {
    hsm,
    journal: journalOf(options),
    only: { since: from, until: to, user, key, operation, outcome },
    after,
    follow: follow === true,
    format: json ? 'json' : (format ?? 'text'),
  }
}

/** A note when nothing can be found as yet, for standard error; empty otherwise. @param now Unix time in milliseconds */
export const futureNote = (since: number | undefined, now: number): string =>
  since !== undefined && since > now
    ? `strongroom: --since is in the future: ${new Date(since).toISOString()}\n`
    : ''

/** @param now Unix time in milliseconds. Throws HsmError `invalid-request` naming the option at fault */
export function exportOptions(options: Args<typeof AUDIT_EXPORT>, now: number) {
  const { hsm, after, since } = options
  if (hsm === 'all') throw new HsmError('invalid-request', 'An export is of one HSM: give its ID to --hsm')
  const from = since === undefined ? undefined : instant('--since', since, now)
  return { hsm, journal: journalOf(options), after, since: from }
}

const journalOf = (options: { readonly 'key-use'?: true }) =>
  options['key-use'] ? ('key-use' as const) : ('management' as const)

/** Undefined when a running HSM is meant. Throws HsmError `invalid-request` when only one of them is given. */
export function verifiedFiles(file: string | undefined, key: string | undefined) {
  if (file === undefined && key === undefined) return undefined
  if (file === '-' && key === '-')
    throw new HsmError('invalid-request', 'Standard input is FILE or --key, not both')
  if (file !== undefined && key !== undefined) return { file, key }
  throw new HsmError(
    'invalid-request',
    'FILE and --key go together: the export, and the public key of its cluster',
  )
}

/** @throws HsmError `invalid-request` naming the option at fault */
export function auditPolicyChanges(options: Args<typeof AUDIT_POLICY_SET>): Request<'audit.set-policy'> {
  const { 'key-use': keyUse, 'on-full': onFull, 'max-size': maxSize, 'max-age': maxAge } = options
  const changes: Request<'audit.set-policy'> = {
    ...(keyUse && { 'key-use': keyUse }),
    ...(onFull && { 'on-full': onFull }),
    ...(maxSize !== undefined && { 'max-bytes': journalSize(maxSize) }),
    ...(maxAge !== undefined && { 'max-age-seconds': maxAge === 'none' ? null : journalAge(maxAge) }),
  }
  if (Object.keys(changes).length > 0) return changes
  throw new HsmError('invalid-request', 'Give what to set: --key-use, --on-full, --max-size or --max-age')
}

function journalSize(text: string): number {
  const bytes = quantity(SIZES, text)
  if (bytes === undefined) throw wrong('--max-size', text, 'a size such as 512MiB or 2GiB')
  const { minBytes, maxBytes } = KEY_USE_LIMITS
  if (bytes >= minBytes && bytes <= maxBytes) return bytes
  throw wrong('--max-size', text, `from ${inUnits(SIZES, minBytes)} to ${inUnits(SIZES, maxBytes)}`)
}

function journalAge(text: string): number {
  const seconds = quantity(DURATIONS, text)
  if (seconds === undefined) throw wrong('--max-age', text, 'a duration such as 12h or 90d, or none')
  const { minAgeSeconds, maxAgeSeconds } = KEY_USE_LIMITS
  if (seconds >= minAgeSeconds && seconds <= maxAgeSeconds) return seconds
  const range = `from ${minAgeSeconds}s to ${inUnits(DURATIONS, maxAgeSeconds)}, or none`
  throw wrong('--max-age', text, range)
}

const RFC_3339 = /^(\d{4})-(\d\d)-(\d\d)T\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/

/**
 * An instant, RFC 3339 (`2026-11-28T14:00:00Z`), or how long before now it was (`2h`).
 *
 * @param now Unix time in milliseconds, as is the result. Throws HsmError `invalid-request` naming the option
 */
function instant(option: string, text: string, now: number): number {
  const seconds = quantity(DURATIONS, text)
  if (seconds !== undefined) {
    if (seconds * 1000 <= now) return now - seconds * 1000
    throw wrong(option, text, 'a duration that does not reach back before 1970')
  }
  const [, year, month, day] = RFC_3339.exec(text) ?? []
  const at = day === undefined ? Number.NaN : Date.parse(text)
  // The parser takes 30 February for 2 March.
  const isInMonth = Number(day) <= new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()
  if (at >= 0 && isInMonth) return at
  throw wrong(option, text, 'a time such as 2026-11-28T14:00:00Z (RFC 3339), or a duration such as 2h')
}

/** @param names of which one may have been meant */
const wrong = (option: string, text: string, what: string, names: readonly string[] = []): HsmError =>
  new HsmError(
    'invalid-request',
    `${option} must be ${what}, and is ${shown(text)}${didYouMean(text, names)}`,
  )
