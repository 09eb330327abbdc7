/** A value of a member as the log shows it. A list is of names. */
export type ShownValue = string | number | boolean | readonly string[]

/**
 * What an operation changed of one or several objects.
 *
 * @since format 2
 */
export type AuditChange = {
  /** The objects: `key/0x…`, `user/alice`, `certificate/0x…`, `cluster`. */
  readonly of: readonly string[]
  /** The attribute or member, as users know it. */
  readonly what: string
  /** Left out when there was no value before. */
  readonly from?: ShownValue | undefined
  /** Left out when there is no value any more. */
  readonly to?: ShownValue | undefined
  /** Of a list: the names that came into it. */
  readonly added?: readonly string[] | undefined
  /** Of a list: the names that left it. */
  readonly removed?: readonly string[] | undefined
}

/** One event of a journal: an operation and how it ended. Members after `subjects` are left out when there is nothing to say. */
export type AuditEvent = {
  /** Unix time in milliseconds. */
  readonly at: number
  /** Username of who asked; `-` before login, when the subjects say which user was tried. */
  readonly actor: string
  /** Its name in the operation table. */
  readonly operation: string
  /** `ok` or an error code. */
  readonly outcome: string
  /** What was acted on, also when it was refused: `user/alice`, `key/0x…`. Never a secret. */
  readonly subjects: readonly string[]
  /** Of the actor. */
  readonly role?: string | undefined
  /** Id of the session, which is not its token. */
  readonly session?: string | undefined
  /** Where the request came from: `https 192.0.2.7`, `pkcs11 pid 4711 uid 1000`, `local`. */
  readonly source?: string | undefined
  /** By which a key was used. */
  readonly mechanism?: string | undefined
  /** How many such operations this entry stands for, when more than one: the items of one request, or the uses that were counted. */
  readonly count?: number | undefined
  /** Of the user that it is about, as the request says. */
  readonly userRole?: string | undefined
  /** What the operation changed. */
  readonly changes?: readonly AuditChange[] | undefined
  /** Changes that would have made the entry too large. */
  readonly changesLeftOut?: number | undefined
  /**
   * How many refusals of the same actor, operation and outcome came before this one and after the one that is in the log
   * before it. They have no entries.
   */
  readonly leftOut?: number | undefined
  /** How many entries before this one could not be written, for there was no room for them. */
  readonly lost?: number | undefined
}

/** An event in its place in the journal of one HSM. */
export type AuditEntry = AuditEvent & {
  /** The format it was written in, which says what its hash is over; left out of the first. */
  readonly version?: number | undefined
  /** Id of the HSM whose log this is. */
  readonly hsm: string
  /** 0 for the first. */
  readonly sequence: number
  /** Hash of the entry before, hex; zeros for the first. */
  readonly previous: string
  /** SHA-256 over all other members, hex. */
  readonly hash: string
}
