import { sealChallenge } from '../parcels.ts'
import type { Handler } from '../pipelines.ts'

export const replicaChallenge: Handler<'replica.challenge'> = async (parts, { actor }) => ({
  challenge: sealChallenge(parts, parts.challenges.make(actor.session)),
})
