/** Records to test rules with: sound ones, of which a test changes what it is about. */
import type { Role } from '../../src/contract/users.ts'
import type { ClusterRecord, KeyRecord, UserRecord } from '../../src/model/records.ts'
import type { Actor } from '../../src/policy/actor.ts'
import type { KeyRoom } from '../../src/policy/capacity.ts'
import type { Circumstances } from '../../src/policy/circumstances.ts'

export const OWNER = 'u-owner'
export const SHARED = 'u-shared'
export const STRANGER = 'u-stranger'

/** How somebody can stand to the key of `aKey`. `holds`: may use it as a crypto user; `owns`: may manage it, too. */
export const PEOPLE = [
  { who: 'the owner', id: OWNER, role: 'crypto-user', owns: true, holds: true },
  { who: 'a shared user', id: SHARED, role: 'crypto-user', owns: false, holds: true },
  { who: 'a stranger', id: STRANGER, role: 'crypto-user', owns: false, holds: false },
  { who: 'an admin', id: 'u-admin', role: 'admin', owns: false, holds: false },
  { who: 'an admin with the id of the owner', id: OWNER, role: 'admin', owns: false, holds: false },
] as const satisfies readonly { who: string; id: string; role: Role; owns: boolean; holds: boolean }[]

export const aUser = (changes: Partial<UserRecord> = {}): UserRecord => ({
  kind: 'user',
  id: OWNER,
  username: 'owner',
  role: 'crypto-user',
  password: '$argon2id$',
  wrongPasswords: 0,
  credentialVersion: 1,
  survivingSession: undefined,
  ordinal: 2,
  ...changes,
})

export const aCluster = (changes: Partial<ClusterRecord> = {}): ClusterRecord => ({
  kind: 'cluster',
  id: 'self',
  clusterId: 'cluster-x',
  state: 'ACTIVE',
  nextReference: 1,
  keyUseFence: false,
  mode: 'non-fips',
  hsmType: 'hsm2m.medium',
  trustedWrapping: false,
  lineage: 'c2VjcmV0',
  minimumVersion: 2,
  auditPolicy: undefined,
  auditPublicKey: undefined,
  auditKey: undefined,
  materialInMemory: undefined,
  ...changes,
})

export const anActor = (id: string, role: Actor['role'] = 'crypto-user'): Actor => ({
  id,
  username: id,
  role,
  session: `session-of-${id}`,
})

export const aKey = ({
  flags,
  ...changes
}: Partial<Omit<KeyRecord, 'flags'>> & { flags?: Partial<KeyRecord['flags']> } = {}): KeyRecord => ({
  kind: 'key',
  id: '0x0000000000001000',
  owner: OWNER,
  sharedWith: [SHARED],
  keyType: 'rsa',
  keyClass: 'private-key',
  label: 'a key',
  idAttribute: '0x',
  subject: undefined,
  flags: {
    encrypt: false,
    decrypt: false,
    token: true,
    'always-sensitive': true,
    derive: false,
    destroyable: true,
    extractable: true,
    local: true,
    modifiable: true,
    'never-extractable': false,
    private: true,
    sensitive: true,
    sign: false,
    trusted: false,
    unwrap: false,
    verify: false,
    wrap: false,
    'wrap-with-trusted': false,
    ...flags,
  },
  wrapTemplate: undefined,
  unwrapTemplate: undefined,
  checkValue: '0x000000',
  keyLengthBytes: 1218,
  rsa: undefined,
  ec: undefined,
  mlDsa: undefined,
  madeUnderPolicy: false,
  ...changes,
})

/** One HSM that forbids nothing of itself. */
export const HERE: Circumstances = {
  check: false,
  liveHsms: 1,
  profile: { mode: 'non-fips', hsmType: 'hsm2m.medium' },
  weakHashes: false,
}

/** Room for any number of keys. */
export const ROOM: KeyRoom = {
  keys: 0,
  asymmetricKeys: 0,
  sessionKeys: 0,
  capacity: { users: 100, keys: 100, asymmetricKeys: 100 },
}
