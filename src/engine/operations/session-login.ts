import { createCatalog } from '../../catalog/memory-catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { Checked } from '../../contract/operations.ts'
import type { UserRecord } from '../../model/records.ts'
import { isLocked, type LoggedIn, mayLogin, resumableSeconds } from '../../policy/login.ts'
import { newCredential } from '../../session/resume-credential.ts'
import type { Facts } from '../pipeline/facts.ts'
import { change } from '../pipeline/pipeline.ts'

type Request = Checked<'session.login'>

type Proof = {
  readonly proven: boolean
  readonly version: number
  /** Of the session that is to be opened. */
  readonly session: string
  readonly resumption: ReturnType<typeof newCredential> | undefined
}

/** No name of a user. */
const UNKNOWN = '-'

export const sessionLogin = change<
  'session.login',
  undefined,
  Proof,
  LoggedIn & { readonly proof: Proof },
  string
>({
  /**
   * Tries for one name wait for each other, so that many at once cannot outrun the count of wrong passwords. Names that nobody
   * has count as one, and few of them wait, so that they do not keep others waiting for a password to be hashed.
   */
  around(attempt, { username }, run) {
    const { parts } = attempt
    const isKnown = parts.store.catalog.userByName(username) !== undefined
    const name = isKnown ? username : UNKNOWN
    if (!isKnown && parts.logins.count(name) >= LIMITS.unknownLogins) throw new HsmError('busy')
    const session = parts.sessions.newId()
    attempt.opens = session
    return parts.logins.run(name, async () => run(session))
  },
  async work({ users: [target] }, { password, resumable }, { parts, held: session }) {
    const user = target?.user
    const resumption = resumable ? newCredential(parts.random) : undefined
    if (user && isLocked(user)) return { proven: false, version: 0, session, resumption }
    return {
      proven: await parts.passwords.verify(password, user?.password),
      version: user?.credentialVersion ?? 0,
      session,
      resumption,
    }
  },
  change(facts, request, { made: proof }) {
    const user = facts.users[0]?.user
    const decision = mayLogin({
      cluster: facts.cluster,
      role: request.role,
      user,
      proven: proof.proven,
      provenVersion: proof.version,
      ...facts.here.occupancy(user),
      resumable: user && resumableFacts(facts, request, user, proof),
    })
    return decision.allow ? { ...decision, result: { ...decision.result, proof } } : decision
  },
  localOnly: true,
  reply({ parts }, { user, login: resumable, proof }, request) {
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
        'resumable-seconds': resumableSeconds(resumable, parts.now()),
      }),
    }
  },
})

/** What a session is to be like. */
const choicesOf = (request: Request) => ({
  availabilityCheck: request['key-availability-check'],
  weakHashes: request['ecdsa-with-weak-hash-function'],
  idleMs: request['idle-seconds'] * 1000,
})

function resumableFacts(
  { here, view, call }: Facts<'session.login'>,
  request: Request,
  user: UserRecord,
  { session, resumption }: Proof,
): Parameters<typeof mayLogin>[0]['resumable'] {
  if (!resumption) return undefined
  const { id, secretHash } = resumption
  return {
    now: here.now(),
    count: view.loginCount(),
    all: view.logins(),
    ofUser: [...view.loginsByUser(user.id)].flatMap((login) => view.login(login) ?? []),
    login: { id, secretHash, session, through: call.source.kind, ...choicesOf(request) },
  }
}
