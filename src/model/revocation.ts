/**
 * A right to use keys that has ended. What it leaves out it does not restrict: `{ key }` ends every use of that key,
 * `{ key, user }` only that user's, `{ user, except }` all of that user's but those of one session.
 */
export type Revocation = {
  readonly key?: string
  readonly user?: string
  readonly session?: string
  /** Id of a session that keeps its rights. */
  readonly except?: string | undefined
}
