import type { Curve, MlDsaAlgorithm } from '../contract/algorithms.ts'
import type { Flags, KeyClass, KeyType, Template } from '../contract/attributes.ts'
import type { HsmType, Mode } from '../contract/profiles.ts'
import type { ShownRole } from '../contract/users.ts'

// Records as they are in memory: of the present format (`formats.ts`), without the version that they are written with. One
// that a later version wrote may have more members than its type says, which are kept by whoever spreads it.

/** The cluster itself; there is one, with id `self`. */
export type ClusterRecord = {
  readonly kind: 'cluster'
  readonly id: 'self'
  /** `cluster-` and 11 characters of `[2-7a-z]`. */
  readonly clusterId: string
  readonly state: 'INITIALIZED' | 'ACTIVE'
  /** The reference that the next token key gets. References are never used again. */
  readonly nextReference: number
  /**
   * How nodes keep guarantee G: each use of a key waits for a read of the newest state, instead of trusting clocks.
   * Set when the cluster is founded and never changed: while nodes differed about it nothing would be guaranteed.
   */
  readonly keyUseFence: boolean
  /** Set when the cluster is founded and never changed: they say what its keys can be and do. */
  readonly mode: Mode
  readonly hsmType: HsmType
  /** The policy trusted-wrapping is applied. */
  readonly trustedWrapping: boolean
  /**
   * Base64. A secret that the cluster shares with its clones, those restored from a backup of it or of an ancestor; sealed
   * once more under the material key.
   */
  readonly lineage: string
  /**
   * The format that the cluster's records are written in, which every HSM that serves it must be able to read: see
   * `formats.ts`. Raised when all that are registered can.
   */
  readonly minimumVersion: number
}

export type UserRecord = {
  readonly kind: 'user'
  /** Never used again: a user created anew under an old name has none of the old one's shares. */
  readonly id: string
  /** Lower case. */
  readonly username: string
  readonly role: ShownRole
  /** PHC string of the password's argon2id hash; undefined for a user that cannot log in. */
  readonly password: string | undefined
  /** Wrong passwords since the last good one; past the limit the user is locked. */
  readonly wrongPasswords: number
  /** Raised by every change of password, which ends the sessions begun under a smaller one. */
  readonly credentialVersion: number
  /** The session that made the last change of password itself, and so outlives it. */
  readonly survivingSession: string | undefined
  /** Place in the order of creation. */
  readonly ordinal: number
}

/** What only public and private RSA keys have. */
export type RsaFacts = {
  readonly publicExponent: string
  readonly modulus: string
  readonly modulusSizeBits: number
}

/**
 * What only public and private EC keys have. `ecPoint`: DER OCTET STRING of the uncompressed point, of `ed25519` keys
 * of the 32 bytes of RFC 8032 §5.1.2, in `0x` hex.
 */
export type EcFacts = { readonly ecPoint: string; readonly curve: Curve }

/** What only public and private ML-DSA keys have. */
export type MlDsaFacts = { readonly algorithm: MlDsaAlgorithm }

export type KeyRecord = {
  readonly kind: 'key'
  /** The key reference: `0x` and 16 lower-case hex digits. */
  readonly id: string
  /** Id of the owner, a user. */
  readonly owner: string
  /** Ids of the users it is shared with, in the order of sharing. */
  readonly sharedWith: readonly string[]
  readonly keyType: KeyType
  readonly keyClass: KeyClass
  readonly label: string
  /** The `id` attribute: `0x` hex. */
  readonly idAttribute: string
  /** The `subject` attribute: `0x` hex. */
  readonly subject: string | undefined
  readonly flags: Flags
  readonly wrapTemplate: Template | undefined
  readonly unwrapTemplate: Template | undefined
  /** `0x` and 6 hex digits; undefined for generic secrets. */
  readonly checkValue: string | undefined
  readonly keyLengthBytes: number
  readonly rsa: RsaFacts | undefined
  readonly ec: EcFacts | undefined
  readonly mlDsa: MlDsaFacts | undefined
  /** Made as a token key of a cluster with the policy trusted-wrapping. What a key was before it, nobody remembers. */
  readonly madeUnderPolicy: boolean
  /**
   * Base64. Public keys: the DER SubjectPublicKeyInfo as it is. Private keys (PKCS #8 DER) and secret keys
   * (raw bytes): sealed once more under the material key, opened only for use.
   */
  readonly material: string
}

/** An X.509 certificate that a program keeps beside its keys; public to every crypto user. */
export type CertificateRecord = {
  readonly kind: 'certificate'
  /** Like a key reference, and from the same numbers. */
  readonly id: string
  readonly owner: string
  readonly label: string
  /** `0x` hex. */
  readonly idAttribute: string
  /** Base64 DER. */
  readonly value: string
}

/** Newest entry of one HSM's audit log; pins all entries before it. */
export type AuditHeadRecord = {
  readonly kind: 'audit-head'
  /** The HSM that writes this log. */
  readonly id: string
  /** Entries written so far. */
  readonly count: number
  /** Hash of the newest entry, hex. */
  readonly hash: string
}

/** The CA that issues the server certificates of all nodes of a cluster; there is one, with id `self`. */
export type CertificateAuthorityRecord = {
  readonly kind: 'certificate-authority'
  readonly id: 'self'
  /** PEM. */
  readonly certificate: string
  /** Base64. PKCS #8 PEM of the private key, sealed once more under the material key. */
  readonly key: string
}

export type StoredRecord =
  | ClusterRecord
  | UserRecord
  | KeyRecord
  | CertificateRecord
  | AuditHeadRecord
  | CertificateAuthorityRecord
export type RecordKind = StoredRecord['kind']
/** `key/0x0000000000001f2a`: where a record stands in the store. */
export type RecordKey = `${RecordKind}/${string}`

export const recordKey = (record: StoredRecord): RecordKey => `${record.kind}/${record.id}`

/** One change of state that a decision asks for. */
export type Write = { readonly put: StoredRecord } | { readonly delete: RecordKey }
