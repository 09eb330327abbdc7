/** `strongroom audit-policy show` and `set`. */
import type { Credentials } from '../../cli/cluster-login.ts'
import type { Reply, Request } from '../../contract/operations.ts'
import type { Home } from '../../home/home.ts'
import { loggedIn } from '../logged-in.ts'
import { done, type Outcome } from '../outcome.ts'
import { DURATIONS, inUnits, SIZES } from './quantities.ts'

/** @param who an admin @param json as it is instead of in words */
export const showAuditPolicy = (home: Home, who: Credentials, json: boolean): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) => done(text(await hsm.call('audit.show-policy', {}, token), json)))

/** Changes the settings that are given, and prints the policy that holds then. */
export const setAuditPolicy = (
  home: Home,
  who: Credentials,
  changes: Request<'audit.set-policy'>,
  json: boolean,
): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) =>
    done(text(await hsm.call('audit.set-policy', changes, token), json)),
  )

function text(policy: Reply<'audit.show-policy'>, json: boolean): string {
  if (json) return JSON.stringify(policy)
  const { 'max-bytes': bytes, 'max-age-seconds': age } = policy
  return [
    `key-use:  ${policy['key-use']}`,
    `on-full:  ${policy['on-full']}`,
    `max-size: ${inUnits(SIZES, bytes) ?? `${bytes} bytes`} on each HSM`,
    `max-age:  ${age === null ? 'none' : inUnits(DURATIONS, age)}`,
  ].join('\n')
}
