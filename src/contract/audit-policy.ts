/** What a cluster keeps of uses of its keys, and how much of it. */

/**
 * `off`: nothing, as CloudHSM. `sampled`: of uses that are alike (same session, operation, keys, mechanism and outcome) the first in each
 * minute, and when the minute is over how many more there were. `all`: every use.
 */
export const KEY_USE = ['off', 'sampled', 'all'] as const
export type KeyUseChoice = (typeof KEY_USE)[number]

/**
 * When the journal has reached its size, or the disk is full. `drop-oldest`: the oldest entries make room, and uses never wait.
 * `refuse`: a use whose entry is not on disk delivers no result.
 */
export const ON_FULL = ['drop-oldest', 'refuse'] as const
export type OnFull = (typeof ON_FULL)[number]

/**
 * What is recorded of uses of keys, and how much of it is kept. All HSMs of a cluster have the same.
 *
 * @since format 3
 */
export type AuditPolicy = {
  /** Which uses of keys are recorded. */
  readonly keyUse: KeyUseChoice
  /** What happens when the journal is full. */
  readonly onFull: OnFull
  /** Size of the journal of each HSM on its disk, in bytes. */
  readonly maxBytes: number
  /** Entries that are older are dropped. Left out: none is too old. */
  readonly maxAgeSeconds: number | undefined
}

/** Of a cluster that was told nothing else. */
export const DEFAULT_AUDIT_POLICY: AuditPolicy = {
  keyUse: 'off',
  onFull: 'drop-oldest',
  maxBytes: 1024 ** 3,
  maxAgeSeconds: undefined,
}

export const KEY_USE_LIMITS = {
  minBytes: 1024 ** 2,
  maxBytes: 1024 ** 4,
  minAgeSeconds: 60,
  maxAgeSeconds: 100 * 366 * 86_400,
} as const
