/** The first records of a new cluster: itself, its admin without a password, and the appliance user. */
import { sealLineage } from '../crypto/sealed-fields.ts'
import { FORMAT } from '../model/formats.ts'
import type { StoredRecord, UserRecord } from '../model/records.ts'
import { foundingProfile } from '../policy/hsm-profile/profile.ts'
import { FIRST_REFERENCE } from './keys/references.ts'
import type { EngineNeeds } from './needs.ts'
import { granted } from './pipeline/granted.ts'

/** @returns 64 random bits in hex: an id that is never used again */
export const newUserId = (random: (bytes: number) => Uint8Array): string =>
  Buffer.from(random(8)).toString('hex')

/** Does nothing to a store that has a cluster already. */
export async function found({
  store,
  sealer,
  clusterId,
  random,
  keyUseFence = false,
  profile = {},
}: Pick<
  EngineNeeds,
  'store' | 'sealer' | 'clusterId' | 'random' | 'keyUseFence' | 'profile'
>): Promise<void> {
  const user = (username: string, role: UserRecord['role'], ordinal: number): UserRecord => ({
    kind: 'user',
    id: newUserId(random),
    username,
    role,
    password: undefined,
    wrongPasswords: 0,
    credentialVersion: 0,
    survivingSession: undefined,
    ordinal,
  })
  const first: readonly StoredRecord[] = [
    {
      kind: 'cluster',
      id: 'self',
      clusterId,
      state: 'INITIALIZED',
      nextReference: FIRST_REFERENCE,
      keyUseFence,
      ...granted(foundingProfile(profile)),
      trustedWrapping: false,
      lineage: sealLineage(sealer, random(32)),
      minimumVersion: FORMAT,
      auditPolicy: undefined,
      auditPublicKey: undefined,
      auditKey: undefined,
      materialInMemory: undefined,
    },
    user('admin', 'unactivated-admin', 0),
    user('app_user', 'internal(APPLIANCE_USER)', 1),
  ]
  await store.transact((view) => ({
    writes: view.cluster() ? [] : first.map((put) => ({ put })),
    audit: [],
    result: undefined,
  }))
}
