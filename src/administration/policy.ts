/** `strongroom policy apply trusted-wrapping` and `strongroom policy show`. */
import type { Credentials } from '../cli/cluster-login.ts'
import type { Reply } from '../contract/operations.ts'
import type { Home } from '../home/home.ts'
import { loggedIn } from './logged-in.ts'
import { done, type Outcome } from './outcome.ts'

/** @param who an admin */
export const applyTrustedWrapping = (home: Home, who: Credentials): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) =>
    done(text(await hsm.call('policy.apply', { policy: 'trusted-wrapping' }, token))),
  )

/** @param who an admin @param json as it is instead of in words */
export const showPolicy = (home: Home, who: Credentials, json: boolean): Promise<Outcome> =>
  loggedIn(home, who, async (hsm, token) => {
    const state = await hsm.call('policy.show', {}, token)
    return done(json ? JSON.stringify(state) : text(state))
  })

function text({ policy, applied, 'keys-not-honoured': keys }: Reply<'policy.show'>): string {
  const state = `The policy ${policy} is ${applied ? 'applied' : 'not applied'}.`
  if (keys.length === 0) return state
  const whose = applied ? 'that it does not honour' : 'that it would not honour'
  return [state, '', `Trusted keys ${whose}; wrap with new ones:`, ...keys].join('\n')
}
