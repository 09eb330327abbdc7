/** What goes from one clone to another, sealed under the secret that only clones share. */

import type { CatalogView } from '../../catalog/catalog.ts'
import { HsmError } from '../../contract/errors.ts'
import { isAccount } from '../../contract/users.ts'
import { createSealer, type Sealer } from '../../crypto/seal.ts'
import { openLineage, resealed } from '../../crypto/sealed-fields.ts'
import { oldestFormat, recordReader, written } from '../../model/formats.ts'
import type { UserRecord, WholeKey, WholeRecord } from '../../model/records.ts'
import { extensible, flag, listOf, type Read, text } from '../../model/shape.ts'
import type { Clone } from '../../policy/replication/source.ts'
import { clusterOf } from '../cluster-state.ts'
import type { Parts } from '../parts.ts'

/** What the destination says of itself, and what makes the parcel good once. */
export type Challenge = Clone & { readonly nonce: string }

/** Who a key names, so that a refusal can name them too. */
export type Holder = { readonly id: string; readonly username: string }

/** `key.material` is sealed under the shared secret until it is placed. */
export type KeyParcel = {
  readonly source: Clone
  readonly key: WholeKey
  readonly holders: readonly Holder[]
}
export type UserParcel = { readonly source: Clone; readonly user: UserRecord }

const clone = { clusterId: text, trustedWrapping: flag }
const readChallenge = extensible<Challenge>({ ...clone, nonce: text })
const readKeyParcel = extensible<KeyParcel>({
  source: extensible<Clone>(clone),
  key: recordReader('key'),
  holders: listOf(extensible<Holder>({ id: text, username: text })),
})
const readUserParcel = extensible<UserParcel>({
  source: extensible<Clone>(clone),
  user: recordReader('user'),
})

/** What the other cluster may know of this one. */
export function cloneFacts(view: CatalogView): Clone {
  const { clusterId, trustedWrapping } = clusterOf(view)
  return { clusterId, trustedWrapping }
}

/** @param nonce hex */
export const sealChallenge = (parts: Parts, nonce: string): Buffer =>
  write(sealerOf(parts, 'parcel'), { ...cloneFacts(parts.store.catalog), nonce }, 'challenge')

/** The other cluster may be of any version. */
const anyonesForm = (record: WholeRecord) => written(record, oldestFormat(record))

/** @throws HsmError `not-clones` */
export const openChallenge = (parts: Parts, sealed: Buffer): Challenge =>
  read(sealerOf(parts, 'parcel'), readChallenge, sealed, 'challenge')

/** Opens under this challenge only. */
export function sealKeyParcel(parts: Parts, { nonce }: Challenge, parcel: KeyParcel): Buffer {
  const key = resealed(parcel.key, parts.sealer, sealerOf(parts, 'material'))
  return write(sealerOf(parts, 'parcel'), { ...parcel, key: anyonesForm(key) }, `key/${nonce}`)
}

/** @throws HsmError `not-clones`, also when the key is none that a clone would send */
export const openKeyParcel = (parts: Parts, { nonce }: Challenge, sealed: Buffer): KeyParcel =>
  read(sealerOf(parts, 'parcel'), readSoundKey, sealed, `key/${nonce}`)

const readSoundKey: Read<KeyParcel> = (value) => {
  const parcel = readKeyParcel(value)
  const { id, flags, owner, sharedWith } = parcel.key
  const holders = [owner, ...sharedWith]
  if (/^0x[0-9a-f]{16}$/.test(id) && flags.token && new Set(holders).size === holders.length) return parcel
  throw new TypeError('the key is not sound')
}

/** The key of a parcel as it can be stored here. */
export const unpacked = (parts: Parts, key: WholeKey): WholeKey =>
  resealed(key, sealerOf(parts, 'material'), parts.sealer)

/** Opens under this challenge only. */
export const sealUserParcel = (parts: Parts, { nonce }: Challenge, parcel: UserParcel): Buffer =>
  write(sealerOf(parts, 'parcel'), { ...parcel, user: anyonesForm(parcel.user) }, `user/${nonce}`)

/** @throws HsmError `not-clones`, also when the user is none that a clone would send */
export const openUserParcel = (parts: Parts, { nonce }: Challenge, sealed: Buffer): UserParcel =>
  read(sealerOf(parts, 'parcel'), readSoundUser, sealed, `user/${nonce}`)

const readSoundUser: Read<UserParcel> = (value) => {
  const parcel = readUserParcel(value)
  if (/^[0-9a-f]{16}$/.test(parcel.user.id) && isAccount(parcel.user)) return parcel
  throw new TypeError('the user is not sound')
}

/** The secret is opened each time: it is seldom needed. */
function sealerOf({ sealer, store }: Parts, purpose: 'parcel' | 'material'): Sealer {
  const secret = openLineage(sealer, clusterOf(store.catalog))
  try {
    return createSealer(secret, purpose, 'lineage')
  } finally {
    secret.fill(0)
  }
}

const write = (sealer: Sealer, value: object, context: string): Buffer =>
  sealer.seal(Buffer.from(JSON.stringify(value)), context)

function read<T>(sealer: Sealer, shape: Read<T>, sealed: Buffer, context: string): T {
  try {
    return shape(JSON.parse(sealer.open(sealed, context).toString('utf8')))
  } catch (cause) {
    throw new HsmError('not-clones', cause instanceof HsmError ? cause.message : undefined, { cause })
  }
}
