import type { CatalogView } from '../../catalog/catalog.ts'
import { createCatalog } from '../../catalog/memory-catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Checked } from '../../contract/operations.ts'
import type { UserRecord } from '../../model/records.ts'
import { isLocked, type LoggedIn, login } from '../../policy/login.ts'
import { newCredential } from '../../session/resume-credential.ts'
import { clusterOf } from '../cluster-state.ts'
import { occupancy, resumableSeconds } from '../facts.ts'
import type { Call, Parts } from '../parts.ts'
import { change, type Handler } from '../pipelines.ts'

type Proof = {
  readonly proven: boolean
  readonly version: number
  /** Of the session that is to be opened. */
  readonly session: string
  readonly resumption: ReturnType<typeof newCredential> | undefined
}

const attempt = change<'session.login', Proof, LoggedIn & { readonly proof: Proof }>('session.login', {
  async prepare({ store, passwords, sessions, random }, _call, { username, password, resumable }) {
    const user = store.catalog.userByName(username)
    const session = sessions.newId()
    const resumption = resumable ? newCredential(random) : undefined
    if (user && isLocked(user)) return { proven: false, version: 0, session, resumption }
    return {
      proven: await passwords.verify(password, user?.password),
      version: user?.credentialVersion ?? 0,
      session,
      resumption,
    }
  },
  decide({ parts, view, call }, request, proof) {
    const user = view.userByName(request.username)
    const decision = login({
      cluster: clusterOf(view),
      role: request.role,
      user,
      proven: proof.proven,
      provenVersion: proof.version,
      ...occupancy(parts, user),
      resumable: user && resumableFacts(parts, view, call, request, user, proof),
    })
    return decision.allow ? { ...decision, result: { ...decision.result, proof } } : decision
  },
  subjects: ({ username }) => [`user/${username}`],
  localOnly: true,
  reply(parts, _call, { user, login: resumable, proof }, request) {
    const token = parts.sessions.open({
      id: proof.session,
      user: user.id,
      credentialVersion: user.credentialVersion,
      ...choicesOf(request),
      login: resumable?.id,
      keys: createCatalog(),
    })
    return {
      token,
      username: user.username,
      role: user.role,
      ...(resumable && {
        credential: proof.resumption?.credential,
        'resumable-seconds': resumableSeconds(parts, resumable),
      }),
    }
  },
})

/** What a session is to be like. */
const choicesOf = (request: Checked<'session.login'>) => ({
  availabilityCheck: request['key-availability-check'],
  weakHashes: request['ecdsa-with-weak-hash-function'],
  idleMs: request['idle-seconds'] * 1000,
})

function resumableFacts(
  { now }: Parts,
  view: CatalogView,
  { source }: Call,
  request: Checked<'session.login'>,
  user: UserRecord,
  { session, resumption }: Proof,
): Parameters<typeof login>[0]['resumable'] {
  if (!resumption) return undefined
  const { id, secretHash } = resumption
  return {
    now: now(),
    count: view.loginCount(),
    all: view.logins(),
    ofUser: [...view.loginsByUser(user.id)].flatMap((id) => view.login(id) ?? []),
    login: { id, secretHash, session, through: source.kind, ...choicesOf(request) },
  }
}

/** No name of a user. */
const UNKNOWN = '-'

/**
 * Tries for one name wait for each other, so that many at once cannot outrun the count of wrong passwords. Names that nobody has count
 * as one, and few of them wait, so that they do not keep others waiting for a password to be hashed.
 */
export const sessionLogin: Handler<'session.login'> = async (parts, call, request) => {
  const isKnown = parts.store.catalog.userByName(request.username) !== undefined
  const name = isKnown ? request.username : UNKNOWN
  if (!isKnown && parts.logins.count(name) >= LIMITS.unknownLogins) throw new HsmError('busy')
  return parts.logins.run(name, () => attempt(parts, call, request))
}
