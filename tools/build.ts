/** Bundles the programs into dist/: what the published package runs, and what starts fast. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'

const root = join(import.meta.dirname, '..')

rmSync(join(root, 'dist'), { recursive: true, force: true })

const { errors, warnings } = await build({
  absWorkingDir: root,
  entryPoints: ['strongroom', 'cloudhsm-cli', 'configure-cli'].map((name) => `src/main/${name}.ts`),
  outdir: 'dist',
  outExtension: { '.js': '.mjs' },
  bundle: true,
  platform: 'node',
  target: 'node26',
  format: 'esm',
  // A command imported lazily stays a file of its own, read when it is first used.
  splitting: true,
  chunkNames: 'chunks/[hash]',
  minifySyntax: true,
  minifyWhitespace: true,
  legalComments: 'none',
  // Needed by the server alone, and CommonJS in part: they come from node_modules as they are.
  external: ['pino', '@peculiar/x509', 'reflect-metadata'],
  logLevel: 'warning',
})

process.exitCode = errors.length + warnings.length === 0 ? 0 : 1
