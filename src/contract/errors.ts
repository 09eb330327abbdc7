/**
 * Every way an HSM call can fail: one row per code, one column per surface that must speak it.
 *
 * - `text`: what the CLI prints in `data`; a detail given where the error is raised replaces it
 * - `http`: status of the HTTPS API
 * - `ckr`: return value of PKCS#11 (v3.1 §5.1), without `CKR_`; `pkcs11/` knows the numbers
 */
export const ERRORS = {
  'invalid-request': { http: 400, ckr: 'ARGUMENTS_BAD', text: 'The request is malformed' },
  'unknown-operation': { http: 404, ckr: 'FUNCTION_NOT_SUPPORTED', text: 'There is no such operation' },
  'too-large': { http: 413, ckr: 'DATA_LEN_RANGE', text: 'The request is too large' },
  busy: { http: 503, ckr: 'FUNCTION_REJECTED', text: 'The HSM is busy, try again' },
  unavailable: { http: 503, ckr: 'DEVICE_REMOVED', text: 'The HSM cannot be reached' },
  'not-serving': {
    http: 503,
    ckr: 'DEVICE_REMOVED',
    text: 'This HSM has lost its connection to the cluster and refuses requests until it is back',
  },
  unconfirmed: {
    http: 503,
    ckr: 'DEVICE_ERROR',
    text: 'The change is committed, but not confirmed by every HSM',
  },
  'store-failure': {
    http: 500,
    ckr: 'DEVICE_ERROR',
    text: 'The change could not be stored; nothing was changed',
  },
  'store-damaged': { http: 500, ckr: 'DEVICE_ERROR', text: 'The store is damaged' },
  'journal-full': {
    http: 507,
    ckr: 'DEVICE_MEMORY',
    text: 'The key-use journal of the HSM is full, and the audit policy refuses uses of keys that cannot be recorded',
  },
  internal: { http: 500, ckr: 'FUNCTION_FAILED', text: 'Internal error; see the log of the HSM' },

  'not-logged-in': { http: 401, ckr: 'USER_NOT_LOGGED_IN', text: 'Not logged in' },
  'already-logged-in': { http: 409, ckr: 'USER_ALREADY_LOGGED_IN', text: 'User is already logged in' },
  'bad-credentials': { http: 401, ckr: 'PIN_INCORRECT', text: 'Incorrect authentication credentials' },
  'user-locked': { http: 403, ckr: 'PIN_LOCKED', text: 'User is locked' },
  'not-permitted': {
    http: 403,
    ckr: 'KEY_FUNCTION_NOT_PERMITTED',
    text: 'User does not have permission for this operation',
  },
  'too-many-sessions': { http: 429, ckr: 'SESSION_COUNT', text: 'Too many logins are open' },
  'cluster-not-activated': { http: 409, ckr: 'DEVICE_ERROR', text: 'Cluster is not activated' },
  'cluster-already-activated': { http: 409, ckr: 'DEVICE_ERROR', text: 'Cluster is already activated' },

  'user-exists': { http: 409, ckr: 'ARGUMENTS_BAD', text: 'User already exists' },
  'user-not-found': { http: 404, ckr: 'ARGUMENTS_BAD', text: 'Specified user does not exist' },
  'user-owns-keys': { http: 409, ckr: 'ARGUMENTS_BAD', text: 'User owns keys and cannot be deleted' },
  'user-logged-in': { http: 409, ckr: 'USER_ALREADY_LOGGED_IN', text: 'User is currently logged in' },
  'user-capacity': { http: 409, ckr: 'DEVICE_MEMORY', text: 'Maximum number of users reached' },

  'invalid-filter': { http: 400, ckr: 'ATTRIBUTE_TYPE_INVALID', text: 'Invalid filter' },
  'invalid-paging': { http: 400, ckr: 'ARGUMENTS_BAD', text: 'Invalid starting token' },
  'key-selection': { http: 404, ckr: 'OBJECT_HANDLE_INVALID', text: 'Key selection criteria matched 0 keys' },
  'key-capacity': { http: 409, ckr: 'DEVICE_MEMORY', text: 'The HSM has reached its key capacity' },
  'key-availability': {
    http: 409,
    ckr: 'DEVICE_ERROR',
    text: 'Cannot perform the requested key operation as the key must be available on at least 2 HSMs.\nEither increase the number of HSMs in the cluster, or disable the key availability check.',
  },
  'not-owner': { http: 403, ckr: 'ACTION_PROHIBITED', text: 'User does not own the key' },
  'share-role': { http: 400, ckr: 'ARGUMENTS_BAD', text: 'Keys can only be shared with crypto users' },
  'share-owner': { http: 409, ckr: 'ARGUMENTS_BAD', text: 'Key is already owned by this user' },
  'already-shared': { http: 409, ckr: 'ARGUMENTS_BAD', text: 'Key is already shared with this user' },
  'not-shared': { http: 409, ckr: 'ARGUMENTS_BAD', text: 'Key is not shared with this user' },
  'session-key': { http: 409, ckr: 'DATA_INVALID', text: 'Session keys cannot be shared' },
  'not-destroyable': { http: 403, ckr: 'ACTION_PROHIBITED', text: 'Key is not destroyable' },
  'not-modifiable': { http: 403, ckr: 'ACTION_PROHIBITED', text: 'Key is not modifiable' },
  'attribute-refused': {
    http: 403,
    ckr: 'ATTRIBUTE_READ_ONLY',
    text: 'Attribute cannot be set by the user for this operation',
  },
  'invalid-attribute': { http: 400, ckr: 'ATTRIBUTE_VALUE_INVALID', text: 'Invalid attribute' },
  'key-function': {
    http: 403,
    ckr: 'KEY_FUNCTION_NOT_PERMITTED',
    text: 'The key does not permit this operation',
  },
  'key-type': { http: 400, ckr: 'KEY_TYPE_INCONSISTENT', text: 'The key type does not fit the mechanism' },
  'invalid-mechanism': { http: 400, ckr: 'MECHANISM_PARAM_INVALID', text: 'Invalid mechanism parameter' },
  /** By the mode or the type of the HSM, whatever its parameters. */
  'mechanism-refused': { http: 403, ckr: 'MECHANISM_INVALID', text: 'Invalid mechanism' },
  'invalid-data': { http: 400, ckr: 'DATA_INVALID', text: 'Invalid data' },
  'signature-invalid': { http: 400, ckr: 'SIGNATURE_INVALID', text: 'Signature verification failed' },
  'not-extractable': { http: 403, ckr: 'KEY_UNEXTRACTABLE', text: 'Key is not extractable' },
  'wrap-refused': {
    http: 403,
    ckr: 'KEY_NOT_WRAPPABLE',
    text: 'The key cannot be wrapped with this wrapping key',
  },
  'value-sensitive': { http: 403, ckr: 'ATTRIBUTE_SENSITIVE', text: 'The value of the key is sensitive' },
  'unwrap-failed': { http: 400, ckr: 'WRAPPED_KEY_INVALID', text: 'Unwrap failed' },
  'template-conflict': {
    http: 400,
    ckr: 'TEMPLATE_INCONSISTENT',
    text: 'The attributes contradict the template of the key',
  },
  'not-synchronized': {
    http: 409,
    ckr: 'DEVICE_ERROR',
    text: 'The selected key is not synchronized throughout the cluster',
  },
  'not-clones': {
    http: 409,
    ckr: 'DEVICE_ERROR',
    text: 'The clusters are not clones of each other, or a message between them was changed',
  },
  'challenge-not-found': {
    http: 409,
    ckr: 'DEVICE_ERROR',
    text: 'There is no such challenge in this session: it was used, has expired, or belongs to another session',
  },
  'replicate-failed': { http: 409, ckr: 'DEVICE_ERROR', text: 'Replicate failed' },
  'backup-not-found': { http: 404, ckr: 'ARGUMENTS_BAD', text: 'There is no such backup in this session' },
  'decryption-failed': { http: 400, ckr: 'ENCRYPTED_DATA_INVALID', text: 'Decryption failed' },
  'stream-not-found': {
    http: 404,
    ckr: 'OPERATION_NOT_INITIALIZED',
    text: 'There is no such stream in this session',
  },
  'too-many-streams': { http: 429, ckr: 'DEVICE_MEMORY', text: 'Too many streams are open in this session' },
  'certificate-not-found': { http: 404, ckr: 'OBJECT_HANDLE_INVALID', text: 'There is no such certificate' },
  'certificate-capacity': {
    http: 409,
    ckr: 'DEVICE_MEMORY',
    text: 'The HSM has reached its certificate capacity',
  },
  revoked: {
    http: 403,
    ckr: 'KEY_FUNCTION_NOT_PERMITTED',
    text: 'The right to use the key was taken back while it was in use',
  },
} as const satisfies Record<string, ErrorFacts>

type ErrorFacts = {
  readonly http: number
  readonly ckr: string
  readonly text: string
}

/** The `code` of HsmError, and of a refusal on the wire. */
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
