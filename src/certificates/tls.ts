/** The HSM's TLS identity on disk: made at the first start, renewed at a later one. */

import { isWildcard } from '../base/listen-address.ts'
import type { Log } from '../base/log.ts'
import { belongTogether, certificateProblem, privateKeyProblem } from '../base/pem.ts'
import { notBeforeRelease } from '../base/version.ts'
import { HsmError } from '../contract/errors.ts'
import { HSM_NAME } from '../contract/wire.ts'
import { readIfThere, readSecretIfThere, replaceFile } from '../home/files.ts'
import type { Home } from '../home/home.ts'
import {
  authorityProblem,
  createAuthority,
  type Identity,
  isFit,
  isFrom,
  issueServerCertificate,
} from './certificates.ts'

export type Tls = { readonly ca: string; readonly server: Identity }

/** What every HSM is called, and what it is called on its own machine. */
const NAMES = [HSM_NAME, 'localhost', '127.0.0.1', '::1'] as const

/**
 * The server certificate of this HSM.
 *
 * @param authority of the cluster
 * @param hosts by which clients may call it
 * @param clock Unix time in milliseconds
 * @param onDamage told of a certificate or key that is damaged or of another CA, with its path in the sentence, before another
 *   one takes its place; it stays when this throws
 * @throws HsmError `store-damaged` when others can read a private key
 */
export async function loadTls(
  home: Home,
  authority: Identity,
  hosts: readonly string[],
  clock: number,
  onDamage: (problem: string) => void,
): Promise<Tls> {
  const now = notBeforeRelease(clock)
  if (readIfThere(home.caCert) !== authority.cert) replaceFile(home.caCert, authority.cert, 'public')
  const names = [...new Set([...NAMES, ...hosts.filter((host) => !isWildcard(host))])]
  const present = readIdentity(home.serverKey, home.serverCert)
  if (present && isFit(present, authority.cert, names, now)) return { ca: authority.cert, server: present }
  const damage = present && damageOf(home, present, authority.cert)
  if (damage !== undefined) onDamage(damage)
  const server = await issueServerCertificate(authority, names, now)
  return { ca: authority.cert, server: save(home.serverKey, home.serverCert, server) }
}

export type Renewal = {
  /** Never rejects: what cannot be renewed stays as it is, and the log says why. */
  now(): Promise<void>
  stop(): void
}

const DAY_MS = 86_400_000

type Load = (onDamage: (problem: string) => void) => Promise<Tls>

/**
 * The identity at the start: what is damaged is made anew then. Later the identity in use goes before one that is made in place of a
 * damaged one, since whoever damaged the file may still be at it.
 *
 * @param clock Unix time in milliseconds
 */
export async function openTls(
  load: Load,
  log: Log,
  clock: () => number,
): Promise<Tls & { renewing(use: (renewed: Tls) => void): Renewal }> {
  const present = await load((problem) => log('warn', { problem }, 'another certificate was made'))
  const problem = authorityProblem(present.ca, clock())
  if (problem !== undefined) log('warn', { problem }, 'clients refuse the certificate of this HSM')
  const keep = (problem: string) => {
    throw new HsmError('store-damaged', problem)
  }
  return { ...present, renewing: (use) => createRenewal(() => load(keep), use, log) }
}

/** Certificates are looked at once a day, and when somebody asks for it. */
function createRenewal(load: () => Promise<Tls>, use: (renewed: Tls) => void, log: Log): Renewal {
  const now = () =>
    load()
      .then(use)
      .catch((error: Error) => log('warn', { problem: error.message }, 'the certificate was left as it is'))
  const daily = setInterval(() => void now(), DAY_MS).unref()
  return { now, stop: () => clearInterval(daily) }
}

/** The CA of a cluster of one, in files of its home: made when there is none. */
export async function loadAuthority(home: Home, clusterId: string, now: number): Promise<Identity> {
  return (
    readIdentity(home.caKey, home.caCert) ??
    save(home.caKey, home.caCert, await createAuthority(clusterId, now))
  )
}

/** A sentence that names the file; undefined when certificate and key are only not fit any more. */
function damageOf(
  { serverCert, serverKey }: Home,
  { cert, key }: Identity,
  caCert: string,
): string | undefined {
  const [certificate, privateKey] = [Buffer.from(cert), Buffer.from(key)]
  const wrong = certificateProblem(certificate)
  if (wrong !== undefined) return `The certificate ${serverCert} cannot be used: ${wrong}`
  const keyWrong = privateKeyProblem(privateKey)
  if (keyWrong !== undefined) return `The private key ${serverKey} cannot be used: ${keyWrong}`
  if (!belongTogether(certificate, privateKey))
    return `The private key ${serverKey} is not that of ${serverCert}`
  return isFrom(cert, caCert) ? undefined : `The certificate ${serverCert} is not from the CA of this cluster`
}

function readIdentity(keyPath: string, certPath: string): Identity | undefined {
  const key = readSecretIfThere(keyPath)
  const cert = readIfThere(certPath)
  return key === undefined || cert === undefined ? undefined : { key, cert }
}

/** The key first: a certificate without its key is worth nothing. */
function save(keyPath: string, certPath: string, identity: Identity): Identity {
  replaceFile(keyPath, identity.key, 'private')
  replaceFile(certPath, identity.cert, 'public')
  return identity
}
