/** One line of the audit log: a management operation and how it ended. Key use is not logged. */
export type AuditEvent = {
  /** Unix time in milliseconds. */
  readonly at: number
  /** Username of who asked; `-` before login, when the subjects say which user was tried. */
  readonly actor: string
  readonly operation: string
  /** `ok` or an error code. */
  readonly outcome: string
  /** What was acted on: `user/alice`, `key/0x…`. Never a secret. */
  readonly subjects: readonly string[]
  /**
   * How many refusals of the same actor, operation and outcome came before this one and after the one that is in the log
   * before it. They have no entries.
   */
  readonly leftOut?: number | undefined
}

/** An event in its place in the log of one HSM. */
export type AuditEntry = AuditEvent & {
  /** The format it was written in, which says what its hash is over; left out of the first. */
  readonly version?: number | undefined
  readonly hsm: string
  /** 0 for the first. */
  readonly sequence: number
  /** Hash of the entry before, hex; zeros for the first. */
  readonly previous: string
  /** SHA-256 over all other members, hex. */
  readonly hash: string
}
