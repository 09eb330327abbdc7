import type {
  CertificateRecord,
  ClusterRecord,
  KeyRecord,
  LoginRecord,
  RecordKey,
  StoredRecord,
  UserRecord,
  Write,
} from '../model/records.ts'

/** All records in memory, as everything above the store reads them. */
export interface CatalogView {
  /** Undefined only before the cluster is founded. */
  cluster(): ClusterRecord | undefined
  get(key: RecordKey): StoredRecord | undefined
  /** Every record of every kind, the cluster first. */
  records(): Iterable<StoredRecord>
  user(id: string): UserRecord | undefined
  /** @param username in lower case */
  userByName(username: string): UserRecord | undefined
  /** In the order of creation. */
  users(): readonly UserRecord[]
  userCount(): number
  login(id: string): LoginRecord | undefined
  /** Those written first come first; those that were there at the start come in any order. */
  logins(): Iterable<LoginRecord>
  loginCount(): number
  /** Ids. */
  loginsByUser(userId: string): ReadonlySet<string>
  key(reference: string): KeyRecord | undefined
  /** All keys, in the order of their references. */
  keys(): Iterable<KeyRecord>
  keyCount(): number
  /** Public and private keys. */
  asymmetricKeyCount(): number
  /** References of the keys with that label. */
  keysByLabel(label: string): ReadonlySet<string>
  /** References of the keys with that `id` attribute, `0x` hex. */
  keysById(id: string): ReadonlySet<string>
  keysByOwner(userId: string): ReadonlySet<string>
  keysBySharedUser(userId: string): ReadonlySet<string>
  /** References of the public keys, which every crypto user sees. */
  publicKeys(): ReadonlySet<string>
  /** In the order of their references. */
  certificates(): readonly CertificateRecord[]
  certificateCount(): number
}

export interface Catalog extends CatalogView {
  /** Carries out one write and returns what stood there before. */
  apply(write: Write): StoredRecord | undefined
}
