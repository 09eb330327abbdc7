/**
 * Reads certificates and passwords again that are replaced while a node runs, when etcd does not answer as it should.
 */
import { isDeepStrictEqual } from 'node:util'
import type { EtcdUser } from './authentication.ts'
import type { EtcdTls } from './channels.ts'

/** How etcd knows the HSM, and the HSM etcd. */
export type EtcdCredentials = {
  readonly tls?: EtcdTls | undefined
  readonly user?: EtcdUser | undefined
}

/** How long what was read last is good enough. */
const FRESH_MS = 1000

/**
 * @param read throws when a file is missing or only half replaced; then what was read before stays in use
 * @param onChange throws when what was read cannot be used, such as a key that is not of its certificate
 * @returns what is to be called when a call failed; it looks once a second at most
 */
export function createCredentialsReload(
  first: EtcdCredentials,
  read: (() => EtcdCredentials) | undefined,
  onChange: (fresh: EtcdCredentials) => void,
): () => void {
  let known = first
  let readAt = Number.NEGATIVE_INFINITY
  return () => {
    if (!read || performance.now() - readAt < FRESH_MS) return
    readAt = performance.now()
    try {
      const fresh = read()
      if (isDeepStrictEqual(fresh, known)) return
      onChange(fresh)
      known = fresh
    } catch {
      // Read again after the next failure, which is logged by whoever asked.
    }
  }
}
