/** The HSM's TLS identity on disk: made at the first start, renewed at a later one. */
import { HSM_NAME } from '../contract/wire.ts'
import { createAuthority, type Identity, isFit, issueServerCertificate } from './certificates.ts'
import { readIfThere, readSecretIfThere, replaceFile } from './files.ts'
import type { Home } from './home.ts'

export type Tls = { readonly ca: string; readonly server: Identity }

/** What every HSM is called, and what it is called on its own machine. */
const NAMES = [HSM_NAME, 'localhost', '127.0.0.1', '::1'] as const
const WILDCARDS: readonly string[] = ['0.0.0.0', '::']

/**
 * @param host that the HSM listens on
 * @param now Unix time in milliseconds
 * @throws HsmError `store-damaged` when others can read a private key
 */
export async function loadTls(home: Home, clusterId: string, host: string, now: number): Promise<Tls> {
  const authority =
    readIdentity(home.caKey, home.caCert) ??
    save(home.caKey, home.caCert, await createAuthority(clusterId, now))
  const names = [...new Set([...NAMES, ...(WILDCARDS.includes(host) ? [] : [host])])]
  const present = readIdentity(home.serverKey, home.serverCert)
  if (present && isFit(present, authority.cert, names, now)) return { ca: authority.cert, server: present }
  const server = await issueServerCertificate(authority, names, now)
  return { ca: authority.cert, server: save(home.serverKey, home.serverCert, server) }
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
