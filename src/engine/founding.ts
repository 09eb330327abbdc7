/** The first records of a new cluster: itself, its admin without a password, and the appliance user. */
import type { StoredRecord, UserRecord } from '../model/records.ts'
import { foundingProfile } from '../policy/hsm-profile/profile.ts'
import type { EngineNeeds } from './parts.ts'
import { granted } from './pipelines.ts'

/** Key references count up from here. */
const FIRST_REFERENCE = 0x1000

export const newUserId = (random: (bytes: number) => Uint8Array): string =>
  Buffer.from(random(8)).toString('hex')

/** Does nothing to a store that has a cluster already. */
export async function found({
  store,
  clusterId,
  random,
  keyUseFence = false,
  profile = {},
}: Pick<EngineNeeds, 'store' | 'clusterId' | 'random' | 'keyUseFence' | 'profile'>): Promise<void> {
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
      trustedWrappingSince: undefined,
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
