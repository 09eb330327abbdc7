/**
 * A login goes on in another session, and stays resumable. Both commit, so what they are decided on is the newest state there
 * is: what was ended on any HSM before is ended here.
 */
import { createCatalog } from '../../catalog/memory-catalog.ts'
import type { LoginRecord, UserRecord } from '../../model/records.ts'
import { mayOpen, mayRenew, mayResume, resumableSeconds } from '../../policy/login.ts'
import { proves, readCredential } from '../../session/resume-credential.ts'
import { loginOf } from '../pipeline/facts.ts'
import { granted } from '../pipeline/granted.ts'
import { change } from '../pipeline/pipeline.ts'

type Resumed = { readonly user: UserRecord; readonly login: LoginRecord }

type Attempted = { readonly session: string; readonly shown: ReturnType<typeof readCredential> }

export const sessionResume = change<'session.resume', undefined, Attempted, Resumed, string>({
  around(attempt, _request, run) {
    const session = attempt.parts.sessions.newId()
    attempt.opens = session
    return run(session)
  },
  work({ view }, { credential }, { held: session, note }) {
    const shown = readCredential(credential)
    const login = shown && view.login(shown.id)
    const user = login && view.user(login.user)
    if (user) note(`user/${user.username}`)
    return { session, shown }
  },
  change({ view, call, here }, _request, { made: { session, shown } }) {
    const login = shown && view.login(shown.id)
    const user = login && view.user(login.user)
    return mayResume({
      user,
      login,
      proven: shown !== undefined && login !== undefined && proves(shown, login),
      through: call.source.kind,
      session,
      now: here.now(),
      ...here.occupancy(user),
    })
  },
  localOnly: true,
  reply({ parts }, { user, login }) {
    const { catalog } = parts.store
    granted(mayOpen(login, { login: catalog.login(login.id), user: catalog.user(user.id) }))
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
    return { token, username, role, 'resumable-seconds': resumableSeconds(login, parts.now()) }
  },
})

/** Changes nothing that anybody would look for in the audit log. */
export const sessionRenew = change<'session.renew', LoginRecord | undefined>({
  may(facts) {
    const { view, actor, here } = facts
    return mayRenew({ user: view.user(actor.id), login: loginOf(facts), now: here.now() }, actor.session)
  },
  localOnly: true,
  reply: ({ parts }, login) => (login ? { 'resumable-seconds': resumableSeconds(login, parts.now()) } : {}),
})
