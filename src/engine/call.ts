import type { CallSource } from '../contract/call-source.ts'
import type { Actor } from '../policy/actor.ts'
import type { Session, SessionView } from '../session/sessions.ts'

/** Who asks, through which session, and from where. */
export type Call = {
  readonly actor: Actor
  readonly session: Session | undefined
  readonly source: CallSource
}

/** The same for whoever changes nothing. */
export type CallView = Omit<Call, 'session'> & { readonly session: SessionView | undefined }
