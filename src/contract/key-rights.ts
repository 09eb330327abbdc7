import * as v from 'valibot'

const names = v.array(v.string())

const allowed = v.object({
  operation: v.string(),
  /** Names of the mechanisms with which it is allowed. */
  mechanisms: v.optional(names),
  /** Names of the attributes that can be set. */
  attributes: v.optional(names),
  /** Why some ways of doing it are refused. */
  limits: v.optional(names),
})

/** What users who have the same rights to a key can do with it. */
export const keyRights = v.object({
  who: v.picklist(['owner', 'shared-users', 'other-crypto-users', 'admins']),
  /** Of the owner and the shared users. */
  usernames: names,
  /** What they are to the key, which is why something is allowed. */
  standing: v.string(),
  allowed: v.array(allowed),
  refused: v.array(v.object({ reason: v.string(), operations: names })),
})
export type KeyRights = v.InferOutput<typeof keyRights>
