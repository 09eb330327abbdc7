import type { Curve, MlDsaAlgorithm } from '../contract/algorithms.ts'
import type { Flags, KeyClass, KeyType, Template } from '../contract/attributes.ts'
import type { AuditPolicy } from '../contract/audit-policy.ts'
import type { SourceKind } from '../contract/call-source.ts'
import type { MaterialInMemory } from '../contract/key-material.ts'
import type { HsmType, Mode } from '../contract/profiles.ts'
import type { ShownRole } from '../contract/users.ts'
import type { Octets } from './octets.ts'

// Records as they are in memory: of the present format (`formats.ts`), without the version that they are written with. One
// that a later version wrote may have more members than its type says, which are kept by whoever spreads it.

/** The cluster itself; there is one, with id `self`. */
export type ClusterRecord = {
  readonly kind: 'cluster'
  /** Always the same. */
  readonly id: 'self'
  /** `cluster-` and 11 characters of `[2-7a-z]`. */
  readonly clusterId: string
  /** `ACTIVE` once an admin has set the first password. */
  readonly state: 'INITIALIZED' | 'ACTIVE'
  /** The reference that the next token key or certificate gets, as a number. No reference is used twice. */
  readonly nextReference: number
  /**
   * How nodes keep guarantee G: true if each use of a key waits for a read of the newest state, false if nodes trust the rate of
   * their clocks. Set when the cluster is founded and never changed: nodes that differ about it would guarantee nothing.
   */
  readonly keyUseFence: boolean
  /** Which mechanisms and keys are allowed. Set when the cluster is founded and never changed. */
  readonly mode: Mode
  /** How many keys and users there can be, and what keys can do. Set when the cluster is founded and never changed. */
  readonly hsmType: HsmType
  /** The policy trusted-wrapping is applied. It is never taken back. */
  readonly trustedWrapping: boolean
  /**
   * Base64. A secret that the cluster shares with its clones: the clusters restored from a backup of it or of an ancestor.
   */
  readonly lineage: string
  /**
   * The format that the cluster's records are written in. Every HSM that serves the cluster must be able to read it. It is raised
   * when all registered HSMs can read the next one.
   *
   * @since format 2
   */
  readonly minimumVersion: number
  /**
   * What is recorded of uses of keys. Left out: nothing.
   *
   * @since format 3
   */
  readonly auditPolicy: AuditPolicy | undefined
  /**
   * Base64 DER SubjectPublicKeyInfo of the Ed25519 key that signs heads of journals. Made when it is first needed.
   *
   * @since format 3
   */
  readonly auditPublicKey: string | undefined
  /**
   * Base64. PKCS #8 DER of the private key.
   *
   * @since format 3
   */
  readonly auditKey: string | undefined
  /**
   * Which key material every HSM on etcd keeps in memory. Left out: `used`.
   *
   * @since format 3
   */
  readonly materialInMemory: MaterialInMemory | undefined
}

/** A user. */
export type UserRecord = {
  readonly kind: 'user'
  /** Never used twice: a user created under the name of a deleted one has none of its shares. */
  readonly id: string
  /** 1 to 31 of `a-z 0-9 _`. */
  readonly username: string
  /** What the user may do. */
  readonly role: ShownRole
  /** PHC string of the password's argon2id hash. A user without one cannot log in. */
  readonly password: string | undefined
  /** Wrong passwords since the last good one. Past the limit the user is locked. */
  readonly wrongPasswords: number
  /** Raised by every change of password. Sessions begun under a smaller one end. */
  readonly credentialVersion: number
  /** Id of the session that made the last change of its own password: it does not end. */
  readonly survivingSession: string | undefined
  /** Place in the order of creation. */
  readonly ordinal: number
}

/** What only public and private RSA keys have. */
export type RsaFacts = {
  /** `0x` hex, the most significant byte first. */
  readonly publicExponent: string
  /** The most significant byte first. Written as `0x` hex. */
  readonly modulus: Octets
  /** Length of the modulus in bits. */
  readonly modulusSizeBits: number
}

/** What only public and private EC keys have. */
export type EcFacts = {
  /**
   * DER OCTET STRING of the uncompressed point (SEC 1 §2.3.3), for `ed25519` of the 32 bytes of RFC 8032 §5.1.2. Written as `0x`
   * hex.
   */
  readonly ecPoint: Octets
  /** The curve that the point is on. */
  readonly curve: Curve
}

/** What only public and private ML-DSA keys have. */
export type MlDsaFacts = {
  /** Parameter set (FIPS 204 §4). */
  readonly algorithm: MlDsaAlgorithm
}

/**
 * A key of the token, as it is in memory: without its material, which is most of what is stored of it and is read from the store
 * when the key is used. Session keys are in memory only.
 */
export type KeyRecord = {
  readonly kind: 'key'
  /** The key reference: `0x` and 16 lower-case hex digits. */
  readonly id: string
  /** Id of the owner, a user. */
  readonly owner: string
  /** Ids of the users it is shared with, in the order of sharing. */
  readonly sharedWith: readonly string[]
  /** The `key-type` attribute. */
  readonly keyType: KeyType
  /** The `class` attribute. */
  readonly keyClass: KeyClass
  /** The `label` attribute, at most 127 characters. */
  readonly label: string
  /** The `id` attribute: `0x` hex. */
  readonly idAttribute: string
  /** The `subject` attribute: `0x` hex. */
  readonly subject: string | undefined
  /** The attributes that are true or false. */
  readonly flags: Flags
  /** What a key must have to be wrapped by this one. */
  readonly wrapTemplate: Template | undefined
  /** What a key gets that is unwrapped by this one. */
  readonly unwrapTemplate: Template | undefined
  /** `0x` and 6 hex digits. Generic secrets have none. */
  readonly checkValue: string | undefined
  /** As `key list` prints it. */
  readonly keyLengthBytes: number
  /** Of RSA keys. */
  readonly rsa: RsaFacts | undefined
  /** Of EC keys. */
  readonly ec: EcFacts | undefined
  /** Of ML-DSA keys. */
  readonly mlDsa: MlDsaFacts | undefined
  /** The key was made as a token key while the policy trusted-wrapping was applied. */
  readonly madeUnderPolicy: boolean
  /** {@link WholeKey} has it. */
  readonly material?: never
}

/** What is not kept in memory of a key. */
export type KeyMaterial = {
  /**
   * Base64. Private keys: PKCS #8 DER. Secret keys: raw bytes. Public keys: DER SubjectPublicKeyInfo, which is not sealed by
   * itself. It never changes.
   */
  readonly material: string
}

/** A key as it is written in a store, a backup or a parcel. */
export type WholeKey = Omit<KeyRecord, 'material'> & KeyMaterial

/** An X.509 certificate that a program keeps beside its keys; public to every crypto user. */
export type CertificateRecord = {
  readonly kind: 'certificate'
  /** Its reference, from the same numbers as those of keys. */
  readonly id: string
  /** Id of the owner, a user. */
  readonly owner: string
  /** The `label` attribute, at most 127 characters. */
  readonly label: string
  /** The `id` attribute: `0x` hex. */
  readonly idAttribute: string
  /** Base64 DER, as it was given. */
  readonly value: string
}

/**
 * Which entries of a journal there are.
 *
 * @since format 3
 */
export type JournalHead = {
  /** Sequence of the oldest entry that is kept. */
  readonly first: number
  /** Hash of the entry before that, hex; zeros when there was none. */
  readonly previous: string
  /** Entries written so far. */
  readonly count: number
  /** Hash of the newest entry, hex. */
  readonly hash: string
}

/** The newest entry of one HSM's audit log. Its hash pins all entries before it. */
export type AuditHeadRecord = {
  readonly kind: 'audit-head'
  /** Id of the HSM that writes this log. */
  readonly id: string
  /** Entries written so far. */
  readonly count: number
  /** Hash of the newest entry: 64 hex digits. */
  readonly hash: string
  /**
   * How far the key-use journal of the HSM went a while ago. Left out when it never had an entry.
   *
   * @since format 3
   */
  readonly keyUse: JournalHead | undefined
}

/** The CA that issues the server certificates of all nodes of a cluster; there is one, with id `self`. */
export type CertificateAuthorityRecord = {
  readonly kind: 'certificate-authority'
  /** Always the same. */
  readonly id: 'self'
  /** PEM. */
  readonly certificate: string
  /** Base64. PKCS #8 PEM of the private key. */
  readonly key: string
}

/**
 * A login that another session can go on with, on any HSM of the cluster, without the password. It ends with the logout, and
 * is worth nothing once the user's credential version is another. Sessions themselves are in no record.
 *
 * @since format 3
 */
export type LoginRecord = {
  readonly kind: 'login'
  /** 16 hex digits. */
  readonly id: string
  /** User id. */
  readonly user: string
  /** The credential version that the password was proven under. */
  readonly credentialVersion: number
  /** SHA-256 of the secret in the resume credential, hex. */
  readonly secretHash: string
  /** The kind of interface that the login was made through, or was last resumed through. */
  readonly through: SourceKind
  /** Id of the session that it has now. */
  readonly session: string
  /** Unix time in milliseconds. */
  readonly expiresAt: number
  /** What the login chose, as every session of it has it; left out, the cluster's default. */
  readonly availabilityCheck: boolean | undefined
  /** Likewise: ECDSA with hash functions weaker than the key, in FIPS mode. */
  readonly weakHashes: boolean
  /** Likewise: the session ends when it is not used for longer. */
  readonly idleMs: number
}

/** Any record, as it is in memory. */
export type StoredRecord =
  | ClusterRecord
  | UserRecord
  | LoginRecord
  | KeyRecord
  | CertificateRecord
  | AuditHeadRecord
  | CertificateAuthorityRecord
/** Any record, as it is written. */
export type WholeRecord = Exclude<StoredRecord, KeyRecord> | WholeKey
/** The member that tells records apart, and the beginning of their keys. */
export type RecordKind = StoredRecord['kind']
/** `key/0x0000000000001f2a`: where a record stands in the store. */
export type RecordKey = `${RecordKind}/${string}`

/** `key/0x0000000000001f2a`. */
export const recordKey = ({ kind, id }: Pick<StoredRecord, 'kind' | 'id'>): RecordKey => `${kind}/${id}`

/** A record that is written; of a key that is new with its material. A key that is there keeps what it has. */
export type Put = { readonly put: StoredRecord; readonly material?: string | undefined }

/** One change of state that a decision asks for. */
export type Write = Put | { readonly delete: RecordKey }

/** What is to be in memory of a record, and what is not. */
export function apart(whole: WholeRecord): Put {
  if (whole.kind !== 'key') return { put: whole }
  const { material, ...put } = whole
  return { put, material }
}
