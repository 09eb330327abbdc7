/**
 * Every way an HSM call can fail: one row per code, one column per surface that must speak it.
 *
 * - `text`: what the CLI prints in `data`; a detail given where the error is raised replaces it
 * - `http`: status of the HTTPS door
 * - `exit`: exit status of a one-shot command
 * - `ckr`: PKCS#11 v3.1 return value (§5.1 there lists them)
 */
export const ERRORS = {
  'invalid-request': { http: 400, exit: 1, ckr: 0x07, text: 'The request is malformed' },
  'unknown-operation': { http: 404, exit: 1, ckr: 0x54, text: 'There is no such operation' },
  'too-large': { http: 413, exit: 1, ckr: 0x21, text: 'The request is too large' },
  busy: { http: 503, exit: 1, ckr: 0x200, text: 'The HSM is busy, try again' },
  unavailable: { http: 503, exit: 1, ckr: 0x32, text: 'The HSM cannot be reached' },
  'not-serving': {
    http: 503,
    exit: 1,
    ckr: 0x32,
    text: 'This HSM has lost touch with its cluster and does nothing until it is back',
  },
  unconfirmed: {
    http: 503,
    exit: 1,
    ckr: 0x30,
    text: 'The change is committed, but not confirmed by every HSM',
  },
  'store-failure': {
    http: 500,
    exit: 1,
    ckr: 0x30,
    text: 'The change could not be stored; nothing was changed',
  },
  'store-damaged': { http: 500, exit: 1, ckr: 0x30, text: 'The store is damaged' },
  internal: { http: 500, exit: 1, ckr: 0x06, text: 'Internal error; see the log of the HSM' },

  'not-logged-in': { http: 401, exit: 1, ckr: 0x101, text: 'Not logged in' },
  'already-logged-in': { http: 409, exit: 1, ckr: 0x100, text: 'User is already logged in' },
  'bad-credentials': { http: 401, exit: 1, ckr: 0xa0, text: 'Incorrect authentication credentials' },
  'user-locked': { http: 403, exit: 1, ckr: 0xa4, text: 'User is locked' },
  'not-permitted': {
    http: 403,
    exit: 1,
    ckr: 0x68,
    text: 'User does not have permission for this operation',
  },
  'too-many-sessions': { http: 429, exit: 1, ckr: 0xb1, text: 'Too many logins are open' },
  'cluster-not-activated': { http: 409, exit: 1, ckr: 0x30, text: 'Cluster is not activated' },
  'cluster-already-activated': { http: 409, exit: 1, ckr: 0x30, text: 'Cluster is already activated' },

  'user-exists': { http: 409, exit: 1, ckr: 0x07, text: 'User already exists' },
  'user-not-found': { http: 404, exit: 1, ckr: 0x07, text: 'Specified user does not exist' },
  'user-owns-keys': { http: 409, exit: 1, ckr: 0x07, text: 'User owns keys and cannot be deleted' },
  'user-logged-in': { http: 409, exit: 1, ckr: 0x100, text: 'User is currently logged in' },
  'user-capacity': { http: 409, exit: 1, ckr: 0x31, text: 'Maximum number of users reached' },

  'invalid-filter': { http: 400, exit: 1, ckr: 0x12, text: 'Invalid filter' },
  'invalid-paging': { http: 400, exit: 1, ckr: 0x07, text: 'Invalid starting token' },
  'key-selection': { http: 404, exit: 1, ckr: 0x82, text: 'Key selection criteria matched 0 keys' },
  'key-capacity': { http: 409, exit: 1, ckr: 0x31, text: 'The HSM has reached its key capacity' },
  'key-availability': {
    http: 409,
    exit: 1,
    ckr: 0x30,
    text: 'Cannot perform the requested key operation as the key must be available on at least 2 HSMs.\nEither increase the number of HSMs in the cluster, or disable the key availability check.',
  },
  'not-owner': { http: 403, exit: 1, ckr: 0x1b, text: 'User does not own the key' },
  'share-role': { http: 400, exit: 1, ckr: 0x07, text: 'Keys can only be shared with crypto users' },
  'share-owner': { http: 409, exit: 1, ckr: 0x07, text: 'Key is already owned by this user' },
  'already-shared': { http: 409, exit: 1, ckr: 0x07, text: 'Key is already shared with this user' },
  'not-shared': { http: 409, exit: 1, ckr: 0x07, text: 'Key is not shared with this user' },
  'session-key': { http: 409, exit: 1, ckr: 0x20, text: 'Session keys cannot be shared' },
  'not-destroyable': { http: 403, exit: 1, ckr: 0x1b, text: 'Key is not destroyable' },
  'not-modifiable': { http: 403, exit: 1, ckr: 0x1b, text: 'Key is not modifiable' },
  'attribute-refused': {
    http: 403,
    exit: 1,
    ckr: 0x10,
    text: 'Attribute cannot be set by the user for this operation',
  },
  'invalid-attribute': { http: 400, exit: 1, ckr: 0x13, text: 'Invalid attribute' },
  'key-function': { http: 403, exit: 1, ckr: 0x68, text: 'The key does not permit this operation' },
  'key-type': { http: 400, exit: 1, ckr: 0x63, text: 'The key type does not fit the mechanism' },
  'invalid-mechanism': { http: 400, exit: 1, ckr: 0x71, text: 'Invalid mechanism parameter' },
  /** By the mode or the type of the HSM, whatever its parameters. */
  'mechanism-refused': { http: 403, exit: 1, ckr: 0x70, text: 'Invalid mechanism' },
  'invalid-data': { http: 400, exit: 1, ckr: 0x20, text: 'Invalid data' },
  'signature-invalid': { http: 400, exit: 1, ckr: 0xc0, text: 'Signature verification failed' },
  'not-extractable': { http: 403, exit: 1, ckr: 0x6a, text: 'Key is not extractable' },
  'wrap-refused': { http: 403, exit: 1, ckr: 0x69, text: 'The key cannot be wrapped with this wrapping key' },
  'value-sensitive': { http: 403, exit: 1, ckr: 0x11, text: 'The value of the key is sensitive' },
  'unwrap-failed': { http: 400, exit: 1, ckr: 0x110, text: 'Unwrap failed' },
  'template-conflict': {
    http: 400,
    exit: 1,
    ckr: 0xd1,
    text: 'The attributes contradict the template of the key',
  },
  'not-synchronized': {
    http: 409,
    exit: 1,
    ckr: 0x30,
    text: 'The selected key is not synchronized throughout the cluster',
  },
  'not-clones': {
    http: 409,
    exit: 1,
    ckr: 0x30,
    text: 'The clusters are not clones of one another, or what one said was changed on its way to the other',
  },
  'challenge-not-found': {
    http: 409,
    exit: 1,
    ckr: 0x30,
    text: 'There is no such challenge in this session: it was used, has expired, or is of another session',
  },
  'replicate-failed': { http: 409, exit: 1, ckr: 0x30, text: 'Replicate failed' },
  'backup-not-found': { http: 404, exit: 1, ckr: 0x07, text: 'There is no such backup in this session' },
  'decryption-failed': { http: 400, exit: 1, ckr: 0x40, text: 'Decryption failed' },
  'stream-not-found': { http: 404, exit: 1, ckr: 0x91, text: 'There is no such stream in this session' },
  'too-many-streams': { http: 429, exit: 1, ckr: 0x31, text: 'Too many streams are open in this session' },
  'certificate-not-found': { http: 404, exit: 1, ckr: 0x82, text: 'There is no such certificate' },
  'certificate-capacity': {
    http: 409,
    exit: 1,
    ckr: 0x31,
    text: 'The HSM has reached its certificate capacity',
  },
  revoked: {
    http: 403,
    exit: 1,
    ckr: 0x68,
    text: 'The right to use the key was taken back while it was in use',
  },
} as const satisfies Record<string, ErrorFacts>

type ErrorFacts = {
  readonly http: number
  readonly exit: number
  readonly ckr: number
  readonly text: string
}

export type ErrorCode = keyof typeof ERRORS

/** The only error an HSM call throws. Its message is fit to print: no secret, no path, no stack. */
export class HsmError extends Error {
  override readonly name = 'HsmError'
  readonly code: ErrorCode

  /** @param detail one sentence instead of the code's own text; names the field or object at fault */
  constructor(code: ErrorCode, detail?: string, options?: ErrorOptions) {
    super(detail ?? ERRORS[code].text, options)
    this.code = code
  }
}
