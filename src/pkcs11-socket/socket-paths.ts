/** Where PKCS#11 programs find the HSM: paths of Unix sockets, and the addresses by which p11-kit names them. */
import { existsSync } from 'node:fs'
import { isAbsolute, join } from 'node:path'
import { HsmError } from '../contract/errors.ts'

/** Longest path of a Unix socket on Linux, without its NUL (unix(7)). */
const PATH_BYTES = 107

/**
 * @param of what it is the socket
 * @throws HsmError `invalid-request` when the system could not make a socket there
 */
export function checkSocketPath(path: string, of: string): string {
  if (Buffer.byteLength(path) <= PATH_BYTES) return path
  throw new HsmError(
    'invalid-request',
    `The path of the ${of} socket must be at most ${PATH_BYTES} bytes: ${path}`,
  )
}

/**
 * Where p11-kit looks when it is told nothing; undefined for a user without a runtime directory.
 *
 * @param uid undefined where there are no user ids
 */
export function p11KitSocket(
  env: Readonly<Record<string, string | undefined>>,
  uid: number | undefined,
): string | undefined {
  const named = env['XDG_RUNTIME_DIR'] ?? ''
  const usual = uid === undefined ? undefined : `/run/user/${uid}`
  // One that is not absolute is to be ignored (XDG Base Directory Specification).
  const runtime = isAbsolute(named) ? named : usual
  return runtime !== undefined && existsSync(runtime) ? join(runtime, 'p11-kit', 'pkcs11') : undefined
}

/** The value of `P11_KIT_SERVER_ADDRESS`; everything but the plainest characters is percent-encoded. */
export const serverAddress = (path: string): string =>
  `unix:path=${path.split('/').map(encodeURIComponent).join('/')}`
