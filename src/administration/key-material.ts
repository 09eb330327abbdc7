/** `strongroom key-material show` and `set`. */
import type { Credentials } from '../cli/cluster-login.ts'
import type { MaterialInMemory } from '../contract/key-material.ts'
import type { Reply } from '../contract/operations.ts'
import type { Home } from '../home/home.ts'
import { loggedIn } from './logged-in.ts'
import { done, type Outcome } from './outcome.ts'

/** @param who an admin @param json as it is instead of in words */
export const showKeyMaterial = (home: Home, who: Credentials, json: boolean): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) =>
    done(text(await hsm.call('cluster.show-material', {}, token), json)),
  )

/** Prints what holds then. */
export const setKeyMaterial = (
  home: Home,
  who: Credentials,
  choice: MaterialInMemory,
  json: boolean,
): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) =>
    done(text(await hsm.call('cluster.set-material', { 'in-memory': choice }, token), json)),
  )

function text(state: Reply<'cluster.show-material'>, json: boolean): string {
  if (json) return JSON.stringify(state)
  const { 'in-memory': choice, keys, kept } = state
  const here = kept
    ? `of ${kept.keys} of ${keys} keys, in ${megabytes(kept.bytes)}`
    : 'read from the disk of this HSM, whatever is set: it is not on etcd'
  return [`in-memory: ${choice}`, `this HSM:  ${here}`].join('\n')
}

/** `7.2 MB`. */
export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
