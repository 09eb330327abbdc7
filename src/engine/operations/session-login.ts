import { createCatalog } from '../../catalog/memory-catalog.ts'
import { LIMITS } from '../../contract/limits.ts'
import { isLocked, login } from '../../policy/login.ts'
import { clusterOf } from '../cluster-state.ts'
import { change, type Handler } from '../pipelines.ts'

type Proof = { readonly proven: boolean; readonly version: number }

const attempt = change<'session.login', Proof, Parameters<typeof login>[0]['user'] & object>(
  'session.login',
  {
    async prepare({ store, passwords }, _call, { username, password }) {
      const user = store.catalog.userByName(username)
      if (user && isLocked(user)) return { proven: false, version: 0 }
      return {
        proven: await passwords.verify(password, user?.password),
        version: user?.credentialVersion ?? 0,
      }
    },
    decide({ parts, view }, { username, role }, { proven, version }) {
      const user = view.userByName(username)
      return login({
        cluster: clusterOf(view),
        role,
        user,
        proven,
        provenVersion: version,
        sessions: parts.sessions.count(),
        sessionsOfUser: user ? parts.sessions.countOf(user.id) : 0,
      })
    },
    subjects: ({ username }) => [`user/${username}`],
    localOnly: true,
    reply({ sessions }, _call, user, request) {
      const token = sessions.open({
        user: user.id,
        credentialVersion: user.credentialVersion,
        availabilityCheck: request['key-availability-check'],
        weakHashes: request['ecdsa-with-weak-hash-function'],
        idleMs: request['idle-seconds'] * 1000,
        keys: createCatalog(),
      })
      return { token, username: user.username, role: user.role }
    },
  },
)

/** No name of a user. */
const UNKNOWN = '-'

/**
 * Tries for one name take turns, so that many at once cannot outrun the count of wrong passwords. Names that nobody has count
 * as one, and few of them wait, so that they do not keep others waiting for a password to be hashed.
 */
export const sessionLogin: Handler<'session.login'> = (parts, call, request) => {
  const isKnown = parts.store.catalog.userByName(request.username) !== undefined
  const [name, most] = isKnown ? [request.username] : [UNKNOWN, LIMITS.unknownLogins]
  return parts.loginTurns(name, () => attempt(parts, call, request), most)
}
