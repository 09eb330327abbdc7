import type { Handler } from '../pipelines.ts'

/** Needs no right to the key, as nothing is done with it. */
export const cryptoCancel: Handler<'crypto.cancel'> = async ({ streams }, { actor }, { stream }) => {
  streams.cancel(actor.session, stream)
  return {}
}
