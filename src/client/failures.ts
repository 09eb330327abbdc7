/** What can go wrong between here and the HSM, in words that say what to do. */
import { HsmError } from '../contract/errors.ts'

export type ServerAddress = { readonly host: string; readonly port: number }

/** Why a server could not be used. */
export type Failure = { readonly reason: string; readonly advice: string }

const START = 'Is it running? Start it with: strongroom start'
const ADDRESS = 'Check the address in the client configuration'
const TRUST = 'Check the CA certificate in the client configuration'

export const NO_ANSWER: Failure = { reason: 'no answer in time', advice: START }
export const NOT_AN_HSM: Failure = { reason: 'what listens there is not an HSM', advice: ADDRESS }

const unknownHost: Failure = { reason: 'the host name is not known', advice: ADDRESS }
const unreachable: Failure = { reason: 'there is no way to that address from here', advice: ADDRESS }
const foreign: Failure = { reason: "its certificate was not issued by the cluster's CA", advice: TRUST }
const outOfDate: Failure = { reason: 'its certificate is out of date', advice: 'Restart the HSM to renew it' }

/** By the code of the error that Node or OpenSSL gave. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: { reason: 'connection refused', advice: START },
  ECONNRESET: { reason: 'it closed the connection', advice: 'It may have too many of them; try again' },
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EADDRNOTAVAIL: unreachable,
  DEPTH_ZERO_SELF_SIGNED_CERT: foreign,
  SELF_SIGNED_CERT_IN_CHAIN: foreign,
  UNABLE_TO_GET_ISSUER_CERT: foreign,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: foreign,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: foreign,
  CERT_SIGNATURE_FAILURE: foreign,
  ERR_TLS_CERT_ALTNAME_INVALID: { reason: 'its certificate is not that of an HSM', advice: TRUST },
  CERT_HAS_EXPIRED: outOfDate,
  CERT_NOT_YET_VALID: outOfDate,
}

/** Anything unforeseen is most often another kind of server. */
export const failureOf = (error: NodeJS.ErrnoException): Failure => FAILURES[error.code ?? ''] ?? NOT_AN_HSM

/** Nothing was asked of any server. `attempts`: at least one. */
export function cannotConnect(
  attempts: readonly { readonly server: ServerAddress; readonly failure: Failure }[],
): HsmError {
  const reasons = attempts.map(({ server, failure }) => `${addressOf(server)}: ${failure.reason}`)
  const [first] = attempts
  return new HsmError(
    'unavailable',
    `Cannot connect to the HSM at ${reasons.join(', nor at ')}. ${first?.failure.advice}`,
  )
}

export const connectionLost = (server: ServerAddress): HsmError =>
  unavailable(
    server,
    'The connection to the HSM at',
    'was lost; the operation may have been carried out or not',
  )

export const tookTooLong = (server: ServerAddress, timeoutMs: number): HsmError =>
  unavailable(
    server,
    'The HSM at',
    `did not answer within ${timeoutMs / 1000} s; the operation may have been carried out or not`,
  )

export const notUnderstood = (server: ServerAddress): HsmError =>
  unavailable(server, 'The server at', 'does not answer as an HSM does')

const addressOf = ({ host, port }: ServerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

function unavailable(server: ServerAddress, before: string, after: string): HsmError {
  return new HsmError('unavailable', `${before} ${addressOf(server)} ${after}`)
}
