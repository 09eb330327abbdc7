/** Programs of other Debians, which `.ci/run` has extracted into directories: run by their own loaders, nothing is installed. */
import { existsSync, globSync } from 'node:fs'
import { join } from 'node:path'
import { needs, type Skip } from './commands.ts'

type Debian = {
  /** Option `skip` of a suite; in CI too, since not every mirror has every release. */
  readonly needed: () => Skip
  /** Path of what is in it. */
  readonly path: (pattern: string) => string
  /** Path of its PKCS#11 module. */
  readonly module: () => string
  /** @param program a path in it, or one that is outside of it and is to run with its libraries */
  readonly command: (program: string) => readonly string[]
}

/** @param variable of the environment, with the directory of the root */
function debian(
  variable: string,
  run: (root: string, program: string) => readonly string[],
  ...programs: readonly string[]
): Debian {
  const root = process.env[variable] ?? ''
  return {
    needed: () =>
      root !== '' && existsSync(root)
        ? needs(...programs)
        : { skip: `no such Debian: ${variable} is not its root (.ci/run makes one)` },
    path: (pattern) => only(root, pattern),
    module: () => only(root, 'usr/lib/*/pkcs11/p11-kit-client.so'),
    command: (program) => run(root, program.startsWith('/') ? program : join(root, 'usr', 'bin', program)),
  }
}

const only = (root: string, pattern: string): string =>
  join(root, globSync(pattern, { cwd: root })[0] ?? pattern)

/** For the processor of this machine. */
function withLoader(root: string, program: string): readonly string[] {
  const libraries = ['lib', 'usr/lib'].flatMap((directory) =>
    globSync(`${directory}/*-linux-gnu`, { cwd: root }).map((path) => join(root, path)),
  )
  return [only(root, '{usr/,}lib/*/ld-linux-*.so.*'), '--library-path', libraries.join(':'), program]
}

const QEMU = 'qemu-aarch64-static'

export const newerDebian = debian('STRONGROOM_NEWER_DEBIAN', withLoader)
/** The oldest that there is: its libpthread and libdl are still libraries of their own. */
export const olderDebian = debian('STRONGROOM_OLDER_DEBIAN', withLoader)
export const arm64Debian = debian(
  'STRONGROOM_ARM64_DEBIAN',
  (root, program) => [QEMU, '-L', root, program],
  QEMU,
)
