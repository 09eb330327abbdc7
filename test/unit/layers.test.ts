/** The layer rules of biome.json, proved by breaking each of them once, and told in ARCHITECTURE.md. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, suite, test } from 'node:test'

const repository = join(import.meta.dirname, '../..')

/** Who may import whom. A file that is named is the one of its module that may be imported: a port, mostly. */
const MAY_IMPORT = {
  base: [],
  contract: ['base/bytes.ts', 'base/der.ts', 'base/maybe-promise.ts'],
  rates: [],
  model: ['contract'],
  policy: ['contract', 'model'],
  catalog: ['contract', 'model'],
  crypto: ['base', 'contract', 'model'],
  audit: ['contract', 'model'],
  journal: ['base', 'contract', 'model', 'crypto', 'audit'],
  backup: ['contract', 'model', 'crypto'],
  store: ['base', 'contract', 'model', 'catalog', 'cluster/coordination.ts'],
  engine: [
    'base',
    'contract',
    'model',
    'policy',
    'crypto',
    'backup',
    'audit',
    'journal',
    'catalog',
    'cluster',
    'rates',
    'session',
    'store/store.ts',
  ],
  session: ['contract', 'model', 'catalog', 'crypto'],
  cluster: ['base', 'contract', 'model', 'store/store.ts'],
  listener: ['base', 'contract', 'rates'],
  server: ['base', 'contract', 'listener', 'rates', 'logging/throttled-log.ts'],
  client: ['contract'],
  cli: ['base', 'contract', 'client-config'],
  'client-config': ['base', 'contract'],
  home: ['base', 'contract', 'client-config'],
  certificates: ['base', 'contract', 'home'],
  logging: ['base', 'contract', 'rates'],
  metrics: ['base', 'contract', 'cluster', 'listener', 'store/store.ts'],
  node: [
    'base',
    'contract',
    'model',
    'crypto',
    'backup',
    'store',
    'cluster',
    'listener',
    'metrics',
    'certificates',
    'home',
  ],
  administration: [
    'base',
    'contract',
    'model',
    'policy',
    'crypto',
    'audit',
    'backup',
    'engine',
    'node',
    'home',
    'client-config',
    'client',
    'cli',
    'pkcs11-socket',
  ],
  pkcs11: ['base', 'contract', 'listener', 'rates', 'logging/throttled-log.ts'],
  'pkcs11-socket': ['base', 'contract', 'home', 'metrics', 'pkcs11'],
  sdk: ['contract', 'client'],
} as const satisfies Record<string, readonly string[]>

const MODULES = Object.keys(MAY_IMPORT) as (keyof typeof MAY_IMPORT)[]
const PURE = ['contract', 'rates', 'model', 'policy', 'catalog'] as const
const FFI = 'only crypto/openssl.ts and pkcs11-socket/peer-process.ts may use node:ffi'

type Diagnostic = { readonly message: string; readonly location: { readonly path: string } }

/** A file that breaks one rule (its message is given) or none. */
type Planted = { readonly path: string; readonly source: string; readonly message?: string }

const importing = (specifier: string) => `import { thing } from '${specifier}'\n\nexport const used = thing\n`

function* otherModules(): Generator<Planted> {
  for (const module of MODULES) {
    const allowed: readonly string[] = MAY_IMPORT[module]
    const message = `${module}/ may import only: ${allowed.join(', ') || 'nothing of ours'}`
    for (const other of [...MODULES, 'main'].filter((name) => name !== module)) {
      const planted = { path: `src/${module}/takes-${other}.ts`, source: importing(`../${other}/thing.ts`) }
      yield allowed.includes(other) ? planted : { ...planted, message }
      const deep = {
        path: `src/${module}/deep/takes-${other}.ts`,
        source: importing(`../../${other}/a/b.ts`),
      }
      yield allowed.includes(other) ? deep : { ...deep, message }
    }
    for (const file of allowed.filter((name) => name.endsWith('.ts'))) {
      yield { path: `src/${module}/takes-${file.replace('/', '-')}`, source: importing(`../${file}`) }
    }
  }
}

function* outsideWorld(): Generator<Planted> {
  for (const module of PURE) {
    yield {
      path: `src/${module}/takes-node-builtin.ts`,
      source: importing('node:fs'),
      message: `${module}/ is pure: no node modules`,
    }
    for (const name of [
      'Date',
      'process',
      'console',
      'crypto',
      'fetch',
      'setTimeout',
      'setInterval',
      'Buffer',
    ]) {
      yield {
        path: `src/${module}/uses-${name.toLowerCase()}.ts`,
        source: `export const used = ${name}\n`,
        message: `Do not use the global variable ${name}.`,
      }
    }
  }
  for (const module of [...MODULES, 'main'].filter((name) => !PURE.some((pure) => pure === name))) {
    yield { path: `src/${module}/takes-ffi.ts`, source: importing('node:ffi'), message: FFI }
    yield { path: `src/${module}/takes-fs.ts`, source: importing('node:fs') }
    yield { path: `src/${module}/takes-time.ts`, source: 'export const now = Date.now()\n' }
  }
}

/** Folders named like a module, as the CLI has for its commands, are none. */
const INNOCENT: readonly Planted[] = [
  { path: 'src/crypto/openssl.ts', source: importing('node:ffi') },
  { path: 'src/main/composition.ts', source: importing('../engine/thing.ts') },
  { path: 'src/cli/tree.ts', source: importing('./commands/cluster/hsm-info.ts') },
  { path: 'src/cli/commands.ts', source: importing('./commands/crypto/sign.ts') },
  { path: 'src/cli/commands/key/list.ts', source: importing('../../parse.ts') },
]

const planted = [...otherModules(), ...outsideWorld(), ...INNOCENT]

suite('layer rules', () => {
  let reported: Map<string, Diagnostic[]>

  before(() => {
    const directory = mkdtempSync(join(tmpdir(), 'strongroom-layers-'))
    after(() => rmSync(directory, { recursive: true }))
    copyFileSync(join(repository, 'biome.json'), join(directory, 'biome.json'))
    for (const { path, source } of planted) {
      mkdirSync(dirname(join(directory, path)), { recursive: true })
      writeFileSync(join(directory, path), source)
    }
    reported = lint(directory)
  })

  test('each forbidden import and global is reported with the reason', () => {
    const silent = planted.filter(
      ({ path, message }) =>
        message !== undefined && !reported.get(path)?.some((diagnostic) => diagnostic.message === message),
    )
    assert.deepEqual(silent, [])
  })

  test('what is allowed is not reported', () => {
    const innocent = planted.filter(({ path, message }) => message === undefined && reported.has(path))
    assert.deepEqual(
      innocent.map(({ path }) => [path, reported.get(path)]),
      [],
    )
  })
})

/** What refuses access, and what says so: `deny`, and functions that are called `may…`. */
const DECIDING = /\bdeny\(|^(?:export )?(?:async )?(?:function|const) may[A-Z]/m

test('who may do what is decided in policy/ alone', () => {
  const files = readdirSync(join(repository, 'src'), { recursive: true, encoding: 'utf8' })
  const deciding = files.filter(
    (file) => file.endsWith('.ts') && DECIDING.test(readFileSync(join(repository, 'src', file), 'utf8')),
  )
  assert.ok(deciding.length > 10)
  assert.deepEqual(
    deciding.filter((file) => !file.startsWith('policy/')),
    [],
  )
})

/** The rows of the table, as `MAY_IMPORT` has them; what is not ours is left out. */
function rowsOf(page: string): Readonly<Record<string, readonly string[]>> {
  const rows = [...page.matchAll(/^\| `([\w-]+)\/` \|.*\| ([^|]+) \|$/gm)]
  return Object.fromEntries(
    rows.map(([, name = '', imports = '']) => [
      name,
      imports
        .replaceAll('`', '')
        .split(', ')
        .filter((one) => !['valibot', 'nothing', 'nothing of ours'].includes(one)),
    ]),
  )
}

test('ARCHITECTURE.md has every module, with what it may import', () => {
  const rows = rowsOf(readFileSync(join(repository, 'docs/ARCHITECTURE.md'), 'utf8'))
  assert.deepEqual(new Set(Object.keys(rows)), new Set(readdirSync(join(repository, 'src'))))
  const { main, ...others } = rows
  assert.deepEqual(main, ['everything'])
  for (const [name, imports] of Object.entries(others)) {
    const may: readonly string[] = MAY_IMPORT[name as keyof typeof MAY_IMPORT]
    assert.deepEqual(new Set(imports), new Set(may), name)
  }
})

/** The messages of the two rules that carry the layers, by file. */
function lint(directory: string): Map<string, Diagnostic[]> {
  const { stdout, stderr } = spawnSync(
    process.execPath,
    [
      join(repository, 'node_modules/@biomejs/biome/bin/biome'),
      'lint',
      '--only=style/noRestrictedImports',
      '--only=style/noRestrictedGlobals',
      '--reporter=json',
      '--max-diagnostics=none',
      '.',
    ],
    { cwd: directory, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 },
  )
  assert.match(stdout, /^\{/, stderr)
  const { diagnostics } = JSON.parse(stdout) as { readonly diagnostics: readonly Diagnostic[] }
  return Map.groupBy(diagnostics, ({ location }) => location.path)
}
