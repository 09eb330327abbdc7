/**
 * A login goes on in another session, and stays resumable. Both commit, so what they are decided on is the newest state there
 * is: what was ended on any HSM before is ended here.
 */
import { createCatalog } from '../../catalog/memory-catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import type { LoginRecord, UserRecord } from '../../model/records.ts'
import { deny } from '../../policy/decision.ts'
import { renew, resume } from '../../policy/login.ts'
import { proves, readCredential } from '../../session/resume-credential.ts'
import { loginOf, occupancy, resumableSeconds } from '../facts.ts'
import { change, granted, type Handler, stillIn } from '../pipelines.ts'

type Resumed = { readonly user: UserRecord; readonly login: LoginRecord }

export const sessionResume = change<'session.resume', string, Resumed>('session.resume', {
  prepare: async ({ sessions }) => sessions.newId(),
  decide({ parts, view, call }, { credential }, session) {
    const shown = readCredential(credential)
    const login = shown && view.login(shown.id)
    const user = login && view.user(login.user)
    return resume({
      user,
      login,
      proven: shown !== undefined && login !== undefined && proves(shown, login),
      through: call.source.kind,
      session,
      now: parts.now(),
      ...occupancy(parts, user),
    })
  },
  subjects: (_request, resumed) => (resumed ? [`user/${resumed.user.username}`] : []),
  localOnly: true,
  reply(parts, _call, { user, login }) {
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
export const sessionRenew: Handler<'session.renew'> = async (parts, call) => {
  const { result } = await parts.store.transact((view) => {
    const decision = stillIn(view, call)
      ? renew(
          { user: view.user(call.actor.id), login: loginOf(view, call), now: parts.now() },
          call.actor.session,
        )
      : deny('not-logged-in')
    return { writes: decision.writes, audit: [], result: decision }
  })
  const login = granted(result)
  return login ? { 'resumable-seconds': resumableSeconds(parts, login) } : {}
}
