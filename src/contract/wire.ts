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
