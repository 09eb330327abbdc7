import type { HsmType } from './profiles.ts'

/** Every bound that the outside can run into. Lengths are in characters unless the name says otherwise. */
export const LIMITS = {
  /** HTTPS request body, and that of a peer that has not logged in. */
  bodyBytes: 1024 * 1024,
  anonymousBodyBytes: 16 * 1024,
  /** HTTPS reply body that a client takes; a list of all keys is tens of megabytes. */
  replyBytes: 256 * 1024 * 1024,
  headerBytes: 16 * 1024,
  /**
   * Requests that have arrived and are worked on. So many of them of users, of one user, of peers without a login, and
   * of one such peer; what is left over is for requests that take a right back, of which one user has so many more.
   */
  requestsInFlight: 1024,
  userRequests: 704,
  requestsPerUser: 512,
  anonymousRequests: 256,
  anonymousRequestsPerPeer: 128,
  revocationsPerUser: 16,
  /** HTTP/2 streams open at once on one connection. */
  requestsPerConnection: 256,
  /** Bytes of requests that are arriving, of all users and of one; of all peers without a login and of one. */
  arrivingBytes: 256 * 1024 * 1024,
  arrivingBytesPerUser: 64 * 1024 * 1024,
  arrivingRevocationBytes: 64 * 1024 * 1024,
  arrivingRevocationBytesPerUser: 4 * 1024 * 1024,
  anonymousArrivingBytes: 16 * 1024 * 1024,
  anonymousArrivingBytesPerPeer: 4 * 1024 * 1024,
  /** Bytes of replies that have not been taken, likewise. */
  untakenBytes: 1024 * 1024 * 1024,
  untakenBytesPerUser: 512 * 1024 * 1024,
  anonymousUntakenBytes: 64 * 1024 * 1024,
  anonymousUntakenBytesPerPeer: 16 * 1024 * 1024,

  /** HTTPS connections. So many of those that have shown a session cannot be driven out by new ones. */
  connections: 900,
  sessionConnections: 800,
  /** PKCS#11 programs connected at once. */
  pkcs11Connections: 4096,
  /** For a TLS handshake, and its turn to begin. */
  handshakeMs: 10_000,
  /** A connection that presents no session is closed after this long. */
  anonymousConnectionMs: 30_000,
  /** One that did is closed when it is not used for this long, unless a session is bound to it. */
  idleConnectionMs: 900_000,
  /** A request body that has not arrived, or a reply that has not been taken, ends the request after this long. */
  requestBodyMs: 10_000,
  replyMs: 60_000,
  /**
   * Milliseconds of the event loop that peers without a session get in each second, one of them and all together, and how
   * much of that can be saved up.
   */
  anonymousMsPerSecond: 200,
  anonymousBurstMs: 1000,
  allAnonymousMsPerSecond: 400,
  allAnonymousBurstMs: 2000,
  /** Peers that are told apart there. */
  anonymousPeers: 4096,

  /**
   * Refusals that are written into the log, and into the audit log, of one source (a peer, a user) in a period. The first
   * and the last of each kind are written besides, with the number of those between.
   */
  refusalsPeriodMs: 60_000,
  refusalsLogged: 10,
  refusalsAudited: 20,
  /** Kinds and sources of refusals that are told apart. */
  refusalKinds: 16,
  refusalSources: 1024,

  usernameLength: 31,
  passwordMin: 8,
  passwordMax: 32,
  /** Wrong passwords a user may enter in a row; one more locks the user. */
  wrongPasswords: 5,
  sessions: 4096,
  sessionsPerUser: 1024,
  sessionIdleSecondsDefault: 900,
  sessionIdleSecondsMax: 86_400,
  /** Logins that can be resumed, of one user and of all. One that is not renewed for so long cannot be resumed any more. */
  loginsPerUser: 1024,
  logins: 16_384,
  loginSeconds: 8 * 60 * 60,
  credentialLength: 128,
  sessionKeys: 1000,

  labelLength: 127,
  /** Twice a label, as every character may have a backslash before it. */
  labelGlobLength: 254,
  idBytes: 256,
  filterTerms: 64,
  filterTermLength: 2048,
  attributesAtOnce: 32,
  pageItems: 1_000_000,
  /** Keys that the CLI asks for at once when it wants all. */
  listPage: 5000,
  /** Keys in one request to share, unshare or delete; with as many shares as there can be they fit into one commit. */
  keysAtOnce: 64,
  shareUsers: 128,
  /** Audit entries in one reply. */
  auditEntries: 1000,

  /** Items in one sign or verify request, and the size of one of them. */
  batchItems: 256,
  dataBytes: 512 * 1024,
  signatureBytes: 8 * 1024,
  /** Data that `crypto sign ed25519` takes, as CloudHSM has it. */
  ed25519Bytes: 16_000,
  /** Additional authenticated data, and labels of OAEP. */
  aadBytes: 16 * 1024,
  /** What a key is derived from besides another key, on each side of the counter. */
  fixedInputBytes: 4096,
  gcmIvBytes: 128,
  /** A key brought in or wrapped, encoded. */
  materialBytes: 16 * 1024,
  randomBytes: 64 * 1024,
  /** Messages in several parts that are open in one session, and in all of them. */
  streamsPerSession: 1024,
  streams: 65_536,
  /** What is kept of one that cannot be worked on in parts, of those in one session, and of all of them. */
  streamBufferBytes: 4 * 1024 * 1024,
  sessionStreamBuffersBytes: 64 * 1024 * 1024,
  streamBuffersBytes: 256 * 1024 * 1024,
  subjectBytes: 4096,
  /** Certificates per cluster, and the size of one. */
  certificates: 16_666,
  certificateBytes: 32 * 1024,
  /** Certificates in one reply, and bytes of their values in base64; there is always one. */
  certificatePage: 256,
  certificatePageBytes: 1024 * 1024,
  genericSecretBytes: 800,
  modulusBitsMin: 2048,
  modulusBitsMax: 4096,
  modulusBitsStep: 256,
  publicExponentMin: 65_537,
  publicExponentMax: 0xffff_ffff,

  /** Passwords hashed at the same time, and logins that may wait for their turn. */
  passwordHashes: 2,
  passwordQueue: 256,
  /** Logins under names that nobody has, which wait for each other. */
  unknownLogins: 16,
  /** A challenge, and a key or user on its way from one cluster to its clone. */
  challengeBytes: 1024,
  parcelBytes: 256 * 1024,
  /** Challenges that one session has not used yet, and how long one is good. */
  challengesPerSession: 16,
  challengeMs: 60_000,

  /** Backups that are being read from one HSM at once, and how much of one is sealed together. */
  backups: 4,
  backupPartBytes: 512 * 1024,
  backupHeaderBytes: 8 * 1024,

  /** Parsed private keys kept in memory. */
  openKeys: 4096,
} as const

/** Of a cluster: token keys, those of them that are asymmetric, and users with their names. */
export type Capacity = { readonly keys: number; readonly asymmetricKeys: number; readonly users: number }

/** All of it is kept in memory, so `unlimited` ends where that takes about 1.5 GB. */
export const CAPACITIES: Readonly<Record<HsmType, Capacity>> = {
  'hsm1.medium': { keys: 3_300, asymmetricKeys: 3_300, users: 250 },
  'hsm2m.medium': { keys: 16_666, asymmetricKeys: 3_333, users: 1024 },
  unlimited: { keys: 1_000_000, asymmetricKeys: 250_000, users: 10_000 },
}
