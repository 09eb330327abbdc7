/** The commands of `strongroom policy`. */
import type { Group } from '../../cli/spec.ts'
import { HOME, JSON_OUTPUT } from '../options.ts'
import { AS_ADMIN, type Task, task } from './command.ts'

const SHOW = task({
  name: 'show',
  about: 'Show whether the policy trusted-wrapping is applied',
  options: { home: HOME, json: JSON_OUTPUT },
  examples: [`${AS_ADMIN} strongroom policy show`],
  settle({ home, json = false }, { homeOf, credentials }) {
    const at = homeOf(home)
    return async () => (await import('../policy.ts')).showPolicy(at, await credentials(), json)
  },
})

const TRUSTED_WRAPPING = task({
  name: 'trusted-wrapping',
  about: 'Enable the policy trusted-wrapping. This cannot be undone',
  options: { home: HOME },
  examples: [`${AS_ADMIN} strongroom policy apply trusted-wrapping`],
  settle({ home }, { homeOf, credentials }) {
    const at = homeOf(home)
    return async () => (await import('../policy.ts')).applyTrustedWrapping(at, await credentials())
  },
})

export const POLICY: Group<Task> = {
  name: 'policy',
  about: 'Show or apply the policy trusted-wrapping, as an admin',
  commands: [SHOW, { name: 'apply', about: 'Apply a policy to the cluster', commands: [TRUSTED_WRAPPING] }],
}
