/** Programs of a newer Debian, which `.ci/run` has extracted into a directory: run by their own loader, nothing is installed. */
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import type { Skip } from './commands.ts'

/** Directory with the root of that system. */
const ROOT = process.env['STRONGROOM_NEWER_DEBIAN'] ?? ''

/** Option `skip` of a suite; in CI too, since not every mirror has a newer release. */
export const needsNewerDebian = (): Skip =>
  ROOT !== '' && existsSync(ROOT)
    ? { skip: false }
    : { skip: 'no newer Debian: STRONGROOM_NEWER_DEBIAN is not its root (.ci/run makes one)' }

const only = (pattern: string): string => globSync(join(ROOT, pattern))[0] ?? join(ROOT, pattern)

/** Path of its PKCS#11 module. */
export const newerModule = (): string => only('usr/lib/*/pkcs11/p11-kit-client.so')

/** @param program a path in it, or one that is outside of it and is to run with its libraries */
export function withNewerDebian(program: string): readonly string[] {
  const libraries = join(newerModule(), '..', '..')
  return [only('usr/lib/*/ld-linux-*.so.*'), '--library-path', libraries, program]
}

export const newerProgram = (name: string): readonly string[] =>
  withNewerDebian(join(ROOT, 'usr', 'bin', name))
