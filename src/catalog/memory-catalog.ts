/** The one implementation of the catalog: a map for each kind of record, and the indexes. */
import type {
  AuditHeadRecord,
  CertificateAuthorityRecord,
  CertificateRecord,
  ClusterRecord,
  LoginRecord,
  RecordKey,
  RecordKind,
  StoredRecord,
  UserRecord,
  Write,
} from '../model/records.ts'
import type { Catalog } from './catalog.ts'
import { createKeyTable } from './key-table.ts'
import { createReferenceIndex } from './reference-index.ts'

/** Where the records of one kind stand. */
type Table<Row extends StoredRecord> = {
  get(id: string): Row | undefined
  /** Returns what stood there before, as does `delete`. */
  put(record: Row): Row | undefined
  delete(id: string): Row | undefined
  values(): Iterable<Row>
}

/** An empty catalog. */
export function createCatalog(): Catalog {
  const clusters = createTable<ClusterRecord>()
  const users = createUserTable()
  const logins = createLoginTable()
  const keys = createKeyTable()
  const certificates = createTable<CertificateRecord>()
  const tables = {
    cluster: clusters,
    user: users,
    login: logins,
    key: keys,
    certificate: certificates,
    'audit-head': createTable<AuditHeadRecord>(),
    'certificate-authority': createTable<CertificateAuthorityRecord>(),
  } satisfies { [Kind in RecordKind]: Table<Extract<StoredRecord, { kind: Kind }>> }
  const tableOf = (kind: RecordKind): Table<StoredRecord> => tables[kind]

  return {
    cluster: () => clusters.get('self'),
    get(key) {
      const { kind, id } = split(key)
      return tableOf(kind).get(id)
    },
    records: () => Object.values<Table<StoredRecord>>(tables).flatMap((table) => [...table.values()]),
    user: users.get,
    userByName: users.byName,
    users: users.inOrderOfCreation,
    userCount: users.size,
    login: logins.get,
    logins: logins.values,
    loginCount: logins.size,
    loginsByUser: logins.byUser,
    key: keys.get,
    keys: keys.values,
    keyCount: keys.size,
    asymmetricKeyCount: keys.asymmetricCount,
    keysByLabel: keys.byLabel,
    keysById: keys.byId,
    keysByOwner: keys.byOwner,
    keysBySharedUser: keys.bySharedUser,
    publicKeys: keys.publicKeys,
    certificates: () => [...certificates.values()].sort((a, b) => (a.id < b.id ? -1 : 1)),
    certificateCount: certificates.size,
    apply(write: Write) {
      if ('put' in write) return tableOf(write.put.kind).put(write.put)
      const { kind, id } = split(write.delete)
      return tableOf(kind).delete(id)
    },
  }
}

function createTable<Row extends StoredRecord>(): Table<Row> & { size(): number } {
  const rows = new Map<string, Row>()
  return {
    get: (id) => rows.get(id),
    values: () => rows.values(),
    size: () => rows.size,
    put(record) {
      const before = rows.get(record.id)
      rows.set(record.id, record)
      return before
    },
    delete(id) {
      const before = rows.get(id)
      rows.delete(id)
      return before
    },
  }
}

function createUserTable() {
  const rows = new Map<string, UserRecord>()
  /** Ids by username. A transaction may pass through a state in which two users have the same. */
  const names = createReferenceIndex()
  const forget = (id: string) => {
    const before = rows.get(id)
    if (before) names.remove(before.username, id)
    return before
  }
  return {
    get: (id: string) => rows.get(id),
    values: () => rows.values(),
    size: () => rows.size,
    byName(username: string) {
      const [id] = names.get(username)
      return id === undefined ? undefined : rows.get(id)
    },
    inOrderOfCreation: (): readonly UserRecord[] => [...rows.values()].sort((a, b) => a.ordinal - b.ordinal),
    put(record: UserRecord) {
      const before = forget(record.id)
      rows.set(record.id, record)
      names.add(record.username, record.id)
      return before
    },
    delete(id: string) {
      const before = forget(id)
      rows.delete(id)
      return before
    },
  }
}

function createLoginTable() {
  const rows = new Map<string, LoginRecord>()
  const users = createReferenceIndex()
  const remove = (id: string) => {
    const before = rows.get(id)
    rows.delete(id)
    if (before) users.remove(before.user, id)
    return before
  }
  return {
    get: (id: string) => rows.get(id),
    values: () => rows.values(),
    size: () => rows.size,
    byUser: users.get,
    put(record: LoginRecord) {
      const before = remove(record.id)
      rows.set(record.id, record)
      users.add(record.user, record.id)
      return before
    },
    delete: remove,
  }
}

function split(key: RecordKey): { readonly kind: RecordKind; readonly id: string } {
  const slash = key.indexOf('/')
  return { kind: key.slice(0, slash) as RecordKind, id: key.slice(slash + 1) }
}
