/** Our own PKCS#11 module, compiled for a test, and programs that are compiled with its headers. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { needs, type Owner, type Skip, succeeds } from './commands.ts'

const NATIVE = join(import.meta.dirname, '..', '..', '..', 'native', 'pkcs11')
/** All of the module, under sanitizers, on a busy machine. */
const COMPILING_MS = 600_000
const SANITIZERS = ['-fsanitize=address,undefined', '-fno-sanitize-recover=all']

/** What the module and the programs are compiled with. `sanitized`: by AddressSanitizer and UBSan. */
export type Build = { readonly compiler: 'gcc' | 'clang'; readonly sanitized: boolean }

export const PLAIN: Build = { compiler: 'gcc', sanitized: false }

/** Those that programs are tried with, by the names of their suites. */
export const BUILDS: Readonly<Record<string, Build>> = {
  'the module': PLAIN,
  'the module under AddressSanitizer and UBSan': { compiler: 'clang', sanitized: true },
}

/** Option `skip` of a suite. */
export const needsOwnModule = ({ compiler }: Build = PLAIN): Skip => needs('make', compiler)

export type OwnModule = {
  readonly path: () => string
  /** Directory of the build, for whatever belongs to it. */
  readonly directory: () => string
  /** Compiles a program with the headers of the module. Returns its path. */
  compile(source: string): Promise<string>
  /** `make TARGET` in the directory of the sources. */
  make(...words: readonly string[]): Promise<string>
}

/** For the tests of the suite in which it is called. */
export function ownModule({ compiler, sanitized }: Build = PLAIN): OwnModule {
  let directory = ''
  const owner: Owner = { after: () => undefined }
  const sanitize = sanitized ? ['SANITIZE=1'] : []
  const make = (...words: readonly string[]) =>
    succeeds(
      owner,
      [
        'make',
        '--silent',
        '--jobs=2',
        '-C',
        NATIVE,
        `BUILD=${directory}`,
        `CC=${compiler}`,
        ...sanitize,
        ...words,
      ],
      { timeoutMs: COMPILING_MS },
    )
  before(async () => {
    directory = mkdtempSync(join(tmpdir(), 'strongroom-module-'))
    await make()
  })
  after(() => rmSync(directory, { recursive: true }))
  return {
    path: () => join(directory, 'libcloudhsm_pkcs11.so'),
    directory: () => directory,
    async compile(source) {
      const program = join(directory, 'program')
      const headers = ['-isystem', join(NATIVE, 'include'), '-I', join(NATIVE, 'programs')]
      const strict = ['-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', '-rdynamic', '-g']
      const words = [compiler, ...strict, ...(sanitized ? SANITIZERS : []), ...headers, '-o', program, source]
      await succeeds(owner, [...words, '-ldl', '-pthread'], { timeoutMs: COMPILING_MS })
      return program
    },
    make,
  }
}
