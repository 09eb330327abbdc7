/** Bundles the programs into dist/: what the published package runs, and what starts fast. */
import { mkdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildOptions, type BuildResult, build } from 'esbuild'

const root = join(import.meta.dirname, '..')

const common = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node26',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  logLevel: 'warning',
} as const satisfies BuildOptions

/**
 * A program that is started for each command: one file, and CommonJS, which Node loads synchronously. Modules in it are
 * evaluated when they are first used, as they would be from files of their own.
 */
async function oneShot(program: string): Promise<BuildResult> {
  const started = Date.now() - CLOCK_MS
  const result = await build({
    ...common,
    entryPoints: [`src/main/${program}.ts`],
    outfile: `dist/${program}.cjs`,
    format: 'cjs',
    metafile: true,
    write: false,
  })
  const inputs = [...Object.keys(result.metafile.inputs), 'package.json', 'tsconfig.json', 'tools/build.ts']
  const stamps = inputs.map((path) => stampOf(path, started))
  for (const { text, path } of result.outputFiles) {
    writeFileSync(`${path}.new`, guard(program, stamps) + text)
    renameSync(`${path}.new`, path)
  }
  return result
}

/** The time of a change may be as much earlier than the clock. */
const CLOCK_MS = 50

type Stamp = readonly [path: string, size: number, mtimeMs: number]

/** What has changed since the build began counts as changed, whether it was read before or after. */
function stampOf(path: string, started: number): Stamp {
  const { size, mtimeMs } = statSync(join(root, path))
  return [path, mtimeMs < started ? size : -1, mtimeMs]
}

/**
 * A clone has the sources beside its bundle. When one of them is not as it was, because it was pulled, checked out or
 * edited, the sources run in place of the bundle.
 */
const guard = (program: string, stamps: readonly Stamp[]): string => `'use strict'
{
  const { existsSync, statSync } = process.getBuiltinModule('node:fs')
  const root = __dirname + '/../'
  const isAsBuilt = ([path, size, time]) => {
    const found = statSync(root + path, { throwIfNoEntry: false })
    return found !== undefined && found.size === size && found.mtimeMs === time
  }
  if (existsSync(root + 'src/main/${program}.ts') && !${JSON.stringify(stamps)}.every(isAsBuilt))
    return void import('../src/main/${program}.ts')
}
`

/** A command of strongroom that is imported lazily stays a file of its own, read when it is first used. */
const strongroom = (): Promise<BuildResult> =>
  build({
    ...common,
    entryPoints: ['src/main/strongroom.ts'],
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    format: 'esm',
    splitting: true,
    chunkNames: 'chunks/[name]-[hash]',
    // Needed by the server alone, and CommonJS in part: they come from node_modules as they are.
    external: ['pino', '@peculiar/x509', 'reflect-metadata', '@grpc/grpc-js', '@bufbuild/protobuf'],
  })

rmSync(join(root, 'dist'), { recursive: true, force: true })
mkdirSync(join(root, 'dist'))
const results = await Promise.all([
  strongroom(),
  oneShot('cloudhsm-cli'),
  oneShot('configure-cli'),
  oneShot('configure-pkcs11'),
])
process.exitCode = results.every(({ errors, warnings }) => errors.length + warnings.length === 0) ? 0 : 1
