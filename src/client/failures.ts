/** What can fail between client and HSM, with what to do about it. */
import { HsmError } from '../contract/errors.ts'

/** A name or an address, as the configuration has it. */
export type ServerAddress = { readonly host: string; readonly port: number }

/** Why a server could not be used. */
export type Failure = { readonly reason: string; readonly advice: string }

const START = 'Is it running? Start it with: strongroom start'
const ADDRESS = 'Check the address in the client configuration'
const TRUST = 'Check the CA certificate in the client configuration'

const NETWORK =
  'It is very busy or hangs, or the address in the client configuration or a firewall on the way is wrong'

/** Nothing came back before the time was over. */
export const NO_ANSWER: Failure = { reason: 'no answer in time', advice: NETWORK }
/** Something else than an HSM answered. */
export const NOT_AN_HSM: Failure = { reason: 'what listens there is not an HSM', advice: ADDRESS }

/** Nothing was sent. */
export const NO_TRUST: Failure = {
  reason: 'the CA certificate, or the certificate and key of this client, cannot be used',
  advice: 'Set them with: configure-cli --hsm-ca-cert FILE',
}

const unknownHost: Failure = { reason: 'the host name is not known', advice: ADDRESS }
const unreachable: Failure = { reason: 'there is no way to that address from here', advice: ADDRESS }
const foreign: Failure = { reason: "its certificate was not issued by the cluster's CA", advice: TRUST }
const notAllowed: Failure = {
  reason: 'this machine does not let programs connect there',
  advice: 'Check its firewall',
}
const tooMany: Failure = {
  reason: 'this process or machine has too many files open',
  advice: 'Raise the limit (ulimit -n), or run fewer programs at once',
}
const notAdmitted: Failure = {
  reason: 'it does not accept the client certificate',
  advice:
    'Set the right one with: configure-cli --client-cert-hsm-tls-file FILE --client-key-hsm-tls-file FILE',
}

/** By the code of the error that Node or OpenSSL gave. */
const FAILURES: Readonly<Record<string, Failure>> = {
  ECONNREFUSED: { reason: 'connection refused', advice: START },
  ECONNRESET: { reason: 'it closed the connection', advice: 'It may have too many of them; try again' },
  ETIMEDOUT: NO_ANSWER,
  ENOTFOUND: unknownHost,
  EAI_AGAIN: unknownHost,
  EHOSTUNREACH: unreachable,
  ENETUNREACH: unreachable,
  EADDRNOTAVAIL: unreachable,
  ENETDOWN: unreachable,
  EHOSTDOWN: unreachable,
  EACCES: notAllowed,
  EPERM: notAllowed,
  EMFILE: tooMany,
  ENFILE: tooMany,
  DEPTH_ZERO_SELF_SIGNED_CERT: foreign,
  SELF_SIGNED_CERT_IN_CHAIN: foreign,
  UNABLE_TO_GET_ISSUER_CERT: foreign,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: foreign,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: foreign,
  CERT_SIGNATURE_FAILURE: foreign,
  ERR_TLS_CERT_ALTNAME_INVALID: { reason: 'its certificate is not that of an HSM', advice: TRUST },
  CERT_HAS_EXPIRED: {
    reason: 'its certificate is out of date by the clock of this machine',
    advice: 'Check that clock; if it is right, restart the HSM to renew the certificate',
  },
  CERT_NOT_YET_VALID: {
    reason: 'its certificate is not valid yet by the clock of this machine',
    advice: 'Check that clock and that of the HSM; restart the HSM when its clock was set',
  },
  ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED: notAdmitted,
  ERR_SSL_TLSV1_ALERT_UNKNOWN_CA: notAdmitted,
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

/** `unavailable`: it is not known whether the HSM did what was asked. */
export const connectionLost = (server: ServerAddress): HsmError =>
  unavailable(
    server,
    'The connection to the HSM at',
    'was lost; the operation may have been carried out or not',
  )

/**
 * `unavailable`, likewise.
 *
 * @param timeoutMs that was waited
 */
export const tookTooLong = (server: ServerAddress, timeoutMs: number): HsmError =>
  unavailable(
    server,
    'The HSM at',
    `did not answer within ${timeoutMs / 1000} s; the operation may have been carried out or not`,
  )

/** `unavailable`: what answered is no HSM of this version. */
export const notUnderstood = (server: ServerAddress): HsmError =>
  unavailable(server, 'The server at', 'does not answer as an HSM does')

const addressOf = ({ host, port }: ServerAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`

function unavailable(server: ServerAddress, before: string, after: string): HsmError {
  return new HsmError('unavailable', `${before} ${addressOf(server)} ${after}`)
}
