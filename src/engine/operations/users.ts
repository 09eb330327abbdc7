/** The users of the cluster. */
import { recordKey, type UserRecord } from '../../model/records.ts'
import { capacityOf } from '../../policy/capacity.ts'
import { allow } from '../../policy/decision.ts'
import { mayChangePassword, mayCreateUser, mayDeleteUser, mayLogoutUser } from '../../policy/users.ts'
import { newUserId } from '../founding.ts'
import { type CommonFacts, loginOf } from '../pipeline/facts.ts'
import { answer, change } from '../pipeline/pipeline.ts'
import { userInfo } from '../reply/user-info.ts'

/** The user that the request names. */
const named = ({ users: [target] }: CommonFacts): UserRecord | undefined => target?.user

/** Named, whether logged in on this HSM, and the login of whoever asks. */
function held(facts: CommonFacts) {
  const user = named(facts)
  return { user, loggedInOn: facts.here.loggedInOn(user), login: loginOf(facts) }
}

const nameAndRole = (_at: unknown, { username, role }: UserRecord) => ({ username, role })

type NewUser = { readonly id: string; readonly password: string }

export const userCreate = change<'user.create', Omit<UserRecord, keyof NewUser>, NewUser, UserRecord>({
  may: (facts, request) =>
    mayCreateUser(request, { namesake: named(facts), users: facts.view.users() }, capacityOf(facts.cluster)),
  work: async (_facts, { password }, { parts: { passwords, random } }) => ({
    id: newUserId(random),
    password: await passwords.hash(password),
  }),
  change(_facts, _request, { permitted: user, made }) {
    const put = { ...user, ...made }
    return allow(put, { put })
  },
  reply: nameAndRole,
})

export const userDelete = change<'user.delete', UserRecord>({
  may(facts, request) {
    const { user, loggedInOn: on } = held(facts)
    const ownsKeys = user !== undefined && facts.view.keysByOwner(user.id).size > 0
    return mayDeleteUser(facts.actor, request, { user, loggedInOn: on, ownsKeys })
  },
  reply: nameAndRole,
})

export const userChangePassword = change<'user.change-password', UserRecord, string>({
  may: (facts, request) => mayChangePassword(facts.actor, request, held(facts)),
  work: (_facts, { password }, { parts: { passwords } }) => passwords.hash(password),
  change(_facts, _request, { permitted: user, made: password }) {
    const put = { ...user, password }
    return allow(put, { put })
  },
  reply: nameAndRole,
})

/** Sessions are known to their own HSM only; each ends those that were begun before this change of the user. */
export const userLogout = change<'user.logout', UserRecord>({
  may: (facts, request) => mayLogoutUser(facts.actor, request, { user: named(facts), login: loginOf(facts) }),
  reply: nameAndRole,
})

/** In the order of creation, the appliance user last. */
export const userList = answer<'user.list'>({
  read({ view }, _request, parts) {
    const appliance = view.users().filter(isAppliance)
    const people = view.users().filter((user) => !isAppliance(user))
    const covers = parts.cluster.coverage()
    return allow({ users: [...people, ...appliance].map((user) => userInfo(user, covers(recordKey(user)))) })
  },
})

const isAppliance = (user: UserRecord): boolean => user.role === 'internal(APPLIANCE_USER)'
