/** The HSM's TLS identity on disk: made at the first start, renewed at a later one. */

import { isWildcard } from '../base/listen-address.ts'
import type { Log } from '../base/log.ts'
import { notBeforeRelease } from '../base/version.ts'
import { HSM_NAME } from '../contract/wire.ts'
import { readIfThere, readSecretIfThere, replaceFile } from '../home/files.ts'
import type { Home } from '../home/home.ts'
import { createAuthority, type Identity, isFit, issueServerCertificate } from './certificates.ts'

export type Tls = { readonly ca: string; readonly server: Identity }

/** What every HSM is called, and what it is called on its own machine. */
const NAMES = [HSM_NAME, 'localhost', '127.0.0.1', '::1'] as const

/**
 * The server certificate of this HSM.
 *
 * @param authority of the cluster
 * @param hosts by which clients may call it
 * @param clock Unix time in milliseconds
 * @throws HsmError `store-damaged` when others can read a private key
 */
export async function loadTls(
  home: Home,
  authority: Identity,
  hosts: readonly string[],
  clock: number,
): Promise<Tls> {
  const now = notBeforeRelease(clock)
  if (readIfThere(home.caCert) !== authority.cert) replaceFile(home.caCert, authority.cert, 'public')
  const names = [...new Set([...NAMES, ...hosts.filter((host) => !isWildcard(host))])]
  const present = readIdentity(home.serverKey, home.serverCert)
  if (present && isFit(present, authority.cert, names, now)) return { ca: authority.cert, server: present }
  const server = await issueServerCertificate(authority, names, now)
  return { ca: authority.cert, server: save(home.serverKey, home.serverCert, server) }
}

export type Renewal = {
  /** Never rejects: what cannot be renewed stays as it is, and the log says why. */
  now(): Promise<void>
  stop(): void
}

const DAY_MS = 86_400_000

/** Certificates are looked at once a day, and when somebody asks for it. */
export function createRenewal(load: () => Promise<Tls>, use: (renewed: Tls) => void, log: Log): Renewal {
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
