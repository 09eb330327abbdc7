/** `strongroom audit-policy show` and `set`. */
import type { Credentials } from '../../cli/cluster-login.ts'
import type { Reply, Request } from '../../contract/operations.ts'
import type { Home } from '../../home/home.ts'
import { loggedIn } from '../logged-in.ts'
import { done, type Outcome } from '../outcome.ts'

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
  const age = policy['max-age-seconds']
  return [
    `key-use:  ${policy['key-use']}`,
    `on-full:  ${policy['on-full']}`,
    `max-size: ${policy['max-bytes']} bytes on each HSM`,
    `max-age:  ${age === null ? 'none' : `${age} seconds`}`,
  ].join('\n')
}
