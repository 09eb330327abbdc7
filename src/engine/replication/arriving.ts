/** What comes from a clone, before it is decided whether it may. */
import { timingSafeEqual } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import { andThen, type MaybePromise } from '../../base/maybe-promise.ts'
import type { CatalogView } from '../../catalog/catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import type { KeyRecord, WholeKey } from '../../model/records.ts'
import type { Actor } from '../../policy/actor.ts'
import { openMaterial } from '../keys/keyring.ts'
import type { Parts } from '../parts.ts'
import { type Challenge, cloneFacts, type Holder, openChallenge } from './parcels.ts'

/** The challenge that this cluster made for this session. It is used up. Throws `challenge-not-found` or `not-clones`. */
export function takeChallenge(parts: Parts, actor: Actor, sealed: Buffer): Challenge {
  const challenge = openChallenge(parts, sealed)
  const isOurs = challenge.clusterId === cloneFacts(parts.store.catalog).clusterId
  if (isOurs && parts.challenges.take(actor.session, challenge.nonce)) return challenge
  throw new HsmError('challenge-not-found')
}

/** Whether a key that arrives is the one that has its reference now; undefined when none has. */
export function hasSameMaterial(
  { sealer, materials, store }: Pick<Parts, 'sealer' | 'materials' | 'store'>,
  { material, ...arriving }: WholeKey,
): MaybePromise<boolean | undefined> {
  const standing = store.catalog.key(arriving.id)
  if (!standing) return undefined
  return andThen(materials.of(standing), (sealed) => {
    const [one, other] = [openMaterial(sealer, standing, sealed), openMaterial(sealer, arriving, material)]
    try {
      return one.length === other.length && timingSafeEqual(one, other)
    } finally {
      one.fill(0)
      other.fill(0)
    }
  })
}

/**
 * What has the reference of a key that arrives. Users who were deleted do not count.
 *
 * @param isSame as of `hasSameMaterial`
 * @throws HsmError `busy` when a key has got the reference since that was asked
 */
export function standingAs(
  view: CatalogView,
  arriving: KeyRecord,
  isSame: boolean | undefined,
): 'nothing' | 'the same' | 'another' {
  if (view.get(`certificate/${arriving.id}`)) return 'another'
  const standing = view.key(arriving.id)
  if (!standing) return 'nothing'
  if (isSame === undefined) throw new HsmError('busy')
  const facts = ({ sharedWith, ...others }: KeyRecord) => ({
    ...others,
    sharedWith: sharedWith.filter((id) => view.user(id)).sort(),
  })
  return isSame && isDeepStrictEqual(facts(standing), facts(arriving)) ? 'the same' : 'another'
}

/** The name of a user whom the key needs, and who is no crypto user here. */
export function missingFor(
  view: CatalogView,
  { owner, sharedWith }: KeyRecord,
  holders: readonly Holder[],
): string | undefined {
  const missing = [owner, ...sharedWith].find((id) => view.user(id)?.role !== 'crypto-user')
  return missing && (holders.find(({ id }) => id === missing)?.username ?? missing)
}
