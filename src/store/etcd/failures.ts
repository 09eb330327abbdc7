/** What an error of a gRPC call to etcd means (etcd: api/v3rpc/rpctypes/error.go). */
import { type ServiceError, status } from '@grpc/grpc-js'
import { HsmError } from '../../contract/errors.ts'

/**
 * - `again`: no answer, or none that tells; the request may have been carried out, and another endpoint may know
 * - `token`: not carried out, for the token of the user is not valid (any more)
 * - `compacted`: the revision asked for is no longer kept
 * - `no-lease`: not carried out, for there is no such lease
 * - `refused`: not carried out, and would not be if it were asked again
 */
export type Verdict = 'again' | 'token' | 'compacted' | 'no-lease' | 'refused'

export type EtcdFailure = { readonly verdict: Verdict; readonly error: HsmError }

const STALE_TOKEN = 'etcdserver: revision of auth store is old'
const FULL = 'etcdserver: mvcc: database space exceeded'
/** As grpc-js says it of `grpc.max_receive_message_length`, which etcd does not know of. */
const TOO_LONG = /^Received message larger than max/

const VERDICTS: Readonly<Partial<Record<status, Verdict>>> = {
  [status.UNAUTHENTICATED]: 'token',
  [status.OUT_OF_RANGE]: 'compacted',
  [status.NOT_FOUND]: 'no-lease',
  [status.INVALID_ARGUMENT]: 'refused',
  [status.FAILED_PRECONDITION]: 'refused',
  [status.PERMISSION_DENIED]: 'refused',
  [status.UNIMPLEMENTED]: 'refused',
  [status.DATA_LOSS]: 'refused',
}

/** @param endpoint that was asked */
export function failureOf(cause: ServiceError, endpoint: string): EtcdFailure {
  if (cause.details === FULL) return refused('The database of etcd is full; nothing was changed', cause)
  if (TOO_LONG.test(cause.details))
    return refused(
      'etcd answered with more than an HSM writes; something else stands among its records',
      cause,
    )
  if (cause.details === STALE_TOKEN) return { verdict: 'token', error: unanswered(endpoint, cause) }
  const verdict = VERDICTS[cause.code] ?? 'again'
  if (verdict === 'refused') return refused(`etcd refused the request: ${cause.details}`, cause)
  return { verdict, error: unanswered(endpoint, cause) }
}

const refused = (detail: string, cause: ServiceError): EtcdFailure => ({
  verdict: 'refused',
  error: new HsmError('store-failure', detail, { cause }),
})

const unanswered = (endpoint: string, cause: ServiceError): HsmError => {
  const known = KNOWN.find(([sign]) => sign.test(cause.details))
  const sentence = known
    ? `etcd cannot be reached at ${endpoint}: ${known[1]}`
    : `etcd did not answer in time (${endpoint}: ${cause.details})`
  return new HsmError('store-failure', sentence, { cause })
}

/** gRPC hands on no code of a connection that failed, only what Node or OpenSSL said of it. */
const KNOWN: readonly (readonly [RegExp, string])[] = [
  [
    /unable to (verify|get (local )?issuer)|self-signed certificate|CERT_SIGNATURE_FAILURE/,
    'its certificate was not issued by the CA that is trusted; give the CA of etcd with --etcd-ca FILE',
  ],
  [/certificate has expired/, 'its certificate is out of date by the clock of this machine'],
  [/certificate is not yet valid/, 'its certificate is not valid yet by the clock of this machine'],
  [/does not match certificate's altnames/, 'its certificate does not name this host'],
  [
    /alert (number )?(bad certificate|certificate required|unknown ca)|alert number (42|48|116)/,
    'it does not accept the client certificate; give the right one with --etcd-cert FILE and --etcd-key FILE',
  ],
  [/wrong version number|packet length too long/, 'it does not speak TLS there; is the URL http://?'],
  [/ECONNREFUSED/, 'connection refused; is it running?'],
  [/ENOTFOUND|EAI_AGAIN|Name resolution failed/, 'the host name is not known'],
]
