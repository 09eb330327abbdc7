/** What the two ends of an HTTPS connection must agree on, besides the operations themselves. */

/**
 * Named by every HSM's certificate. A cluster's certificates outlive the addresses of its HSMs, so clients check
 * the chain and this name, and not the address.
 */
export const HSM_NAME = 'hsm.strongroom'

/** An operation is asked for with POST to this and its name. */
export const PATH_PREFIX = '/v1/'

/** With this header a session opened or used by the request ends with the connection, at the latest. */
export const BINDING_HEADER = 'strongroom-session'
/** Of that header: the session ends with its connection. */
export const BINDING_VALUE = 'connection'

/** ALPN (RFC 7301) name of a connection that carries frames instead of HTTP: docs/FRAMES.md. */
export const FRAMES_PROTOCOL = 'strongroom/1'
/** Likewise of one that a PKCS#11 program has, through the module: docs/PKCS11-MODULE.md. */
export const PKCS11_PROTOCOL = 'strongroom-pkcs11/1'
/** Bytes before the id, and before what follows the kind: length (32 bits), id (32 bits), kind (8 bits), big-endian. */
export const FRAME_LENGTH_BYTES = 4
export const FRAME_START_BYTES = 9
/** Kinds of frames that a client sends. */
export const ASK = { request: 1, ping: 2 } as const
/** Kinds of frames that an HSM sends. */
export const TELL = { reply: 1, refusal: 2, pong: 3, goingAway: 4 } as const
/** Flag of a request: a session opened or used by it ends with the connection, at the latest. */
export const BOUND_FLAG = 1
