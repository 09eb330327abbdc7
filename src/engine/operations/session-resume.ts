/**
 * A login goes on in another session, and stays resumable. Both commit, so what they are decided on is the newest state there
 * is: what was ended on any HSM before is ended here.
 */
import { createCatalog } from '../../catalog/memory-catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import type { LoginRecord, UserRecord } from '../../model/records.ts'
import { mayRenew, mayResume } from '../../policy/login.ts'
import { proves, readCredential } from '../../session/resume-credential.ts'
import { loginOf, occupancy, resumableSeconds } from '../pipeline/facts.ts'
import { change } from '../pipeline/pipeline.ts'

type Resumed = { readonly user: UserRecord; readonly login: LoginRecord }

export const sessionResume = change<'session.resume', undefined, string, Resumed, string>({
  around(attempt, _request, run) {
    const session = attempt.parts.sessions.newId()
    attempt.opens = session
    return run(session)
  },
  work: (_facts, _request, { held: session }) => session,
  change({ parts, view, call, note }, { credential }, _permitted, session) {
    const shown = readCredential(credential)
    const login = shown && view.login(shown.id)
    const user = login && view.user(login.user)
    if (user) note(`user/${user.username}`)
    return mayResume({
      user,
      login,
      proven: shown !== undefined && login !== undefined && proves(shown, login),
      through: call.source.kind,
      session,
      now: parts.now(),
      ...occupancy(parts, user),
    })
  },
  localOnly: true,
  reply({ parts }, { user, login }) {
    // It may have ended, or gone on elsewhere, since it was committed.
    const { catalog } = parts.store
    const isCurrent =
      catalog.login(login.id)?.session === login.session &&
      catalog.user(user.id)?.credentialVersion === login.credentialVersion
    if (!isCurrent) throw new HsmError('not-logged-in')
    const token = parts.sessions.open({
      id: login.session,
      user: user.id,
      credentialVersion: login.credentialVersion,
      availabilityCheck: login.availabilityCheck,
      weakHashes: login.weakHashes,
      idleMs: login.idleMs,
      login: login.id,
      keys: createCatalog(),
    })
    const { username, role } = user
    return { token, username, role, 'resumable-seconds': resumableSeconds(parts, login) }
  },
})

/** Changes nothing that anybody would look for in the audit log. */
export const sessionRenew = change<'session.renew', LoginRecord | undefined>({
  may(facts) {
    const { parts, view, actor } = facts
    const has = { user: view.user(actor.id), login: loginOf(facts), now: parts.now() }
    return mayRenew(has, actor.session)
  },
  localOnly: true,
  reply: ({ parts }, login) => (login ? { 'resumable-seconds': resumableSeconds(parts, login) } : {}),
})
