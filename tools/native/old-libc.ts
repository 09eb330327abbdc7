/**
 * Stands in for an old C library at link time. A program that is linked with glibc needs, of each function, the version that
 * is the newest there; these libraries have none that is newer than 2.28, and no code. They are made of the symbols of
 * the newer glibc, which keeps the old versions for programs that were linked with them.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { basename, join } from 'node:path'

/** of Debian 10 and RHEL 8. */
const NEWEST = 'GLIBC_2.28'

type Versioned = { readonly name: string; readonly version: string; readonly kind: 'function' | 'object' }

const numbersOf = (version: string): readonly number[] =>
  version.slice('GLIBC_'.length).split('.').map(Number)
/** Negative when the first is the older one. */
function compared(one: string, other: string): number {
  const others = numbersOf(other)
  const differences = numbersOf(one).map((part, at) => part - (others[at] ?? -1))
  return differences.find((difference) => difference !== 0) ?? differences.length - others.length
}
const isOld = ({ version }: Versioned): boolean => compared(version, NEWEST) <= 0

/** Of a library, with the versions that programs may need. */
function symbolsOf(library: string): readonly Versioned[] {
  const table = execFileSync('readelf', ['--dyn-syms', '--wide', library], {
    encoding: 'utf8',
    maxBuffer: 2 ** 24,
  })
  const rows = table.matchAll(/ (FUNC|IFUNC|OBJECT) +(?:GLOBAL|WEAK) +DEFAULT +\d+ (\w+)@@?(GLIBC_[\d.]+)/g)
  return [...rows].map(([, type, name = '', version = '']) => ({
    name,
    version,
    kind: type === 'OBJECT' ? 'object' : 'function',
  }))
}

/** Until version 2.34 these were libraries of their own, where programs looked for what has changed its version since. */
const OWN_LIBRARIES = {
  'libpthread.so.0': /^(pthread|sem)_/,
  'libdl.so.2': /^dl(open|sym|vsym|close|error|addr|addr1|info)$/,
} as const

function libraryOf(name: string, versions: readonly Versioned[]): string {
  if (versions.every(isOld)) return 'libc.so.6'
  return Object.entries(OWN_LIBRARIES).find(([, names]) => names.test(name))?.[0] ?? 'libc.so.6'
}

/** What each library had. @param libc of the newer system @param loader its ld.so */
function librariesOf(libc: string, loader: string): ReadonlyMap<string, readonly Versioned[]> {
  const placed = [...Map.groupBy(symbolsOf(libc), ({ name }) => name)].flatMap(([name, versions]) => {
    const [newest] = versions.filter(isOld).toSorted((one, other) => compared(other.version, one.version))
    return newest ? [{ library: libraryOf(name, versions), symbol: newest }] : []
  })
  const ofLoader = symbolsOf(loader).filter(isOld)
  const libraries = Map.groupBy(placed, ({ library }) => library)
  return new Map([
    ...[...libraries].map(([library, members]) => [library, members.map(({ symbol }) => symbol)] as const),
    [basename(loader), ofLoader],
  ])
}

const assembly = (symbols: readonly Versioned[]): string =>
  symbols.map(({ name, kind }) => `.globl ${name}\n.type ${name}, %${kind}\n${name}: .skip 8\n`).join('')

const versionScript = (symbols: readonly Versioned[]): string =>
  [...Map.groupBy(symbols, ({ version }) => version)]
    .map(
      ([version, members]) => `${version} { global: ${members.map(({ name }) => `${name};`).join(' ')} };\n`,
    )
    .join('')

/**
 * @param compiler words that compile and link for the machine
 * @param directory gets a file for each library
 * @returns their paths
 */
export function oldLibc(
  compiler: readonly string[],
  { libc, loader }: { readonly libc: string; readonly loader: string },
  directory: string,
): readonly string[] {
  mkdirSync(directory, { recursive: true })
  const [program = '', ...words] = compiler
  return [...librariesOf(libc, loader)].map(([name, symbols]) => {
    const path = join(directory, name)
    writeFileSync(`${path}.s`, assembly(symbols))
    writeFileSync(`${path}.map`, versionScript(symbols))
    const link = ['-shared', '-nostdlib', `-Wl,-soname,${name}`, `-Wl,--version-script,${path}.map`]
    execFileSync(program, [...words, ...link, '-o', path, `${path}.s`])
    return path
  })
}
