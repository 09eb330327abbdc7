/** Bundles the programs into dist/: what the published package runs, and what starts fast. */
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { type BuildResult, build } from 'esbuild'

const root = join(import.meta.dirname, '..')

/** Each by itself: pieces that two programs shared would be more files to read at every start of either. */
function bundle(program: string): Promise<BuildResult> {
  return build({
    absWorkingDir: root,
    entryPoints: [`src/main/${program}.ts`],
    outdir: 'dist',
    outExtension: { '.js': '.mjs' },
    bundle: true,
    platform: 'node',
    target: 'node26',
    format: 'esm',
    // A command imported lazily stays a file of its own, read when it is first used.
    splitting: true,
    chunkNames: `chunks/${program}-[hash]`,
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: 'none',
    // Needed by the server alone, and CommonJS in part: they come from node_modules as they are.
    external: ['pino', '@peculiar/x509', 'reflect-metadata', '@grpc/grpc-js', '@bufbuild/protobuf'],
    logLevel: 'warning',
  })
}

rmSync(join(root, 'dist'), { recursive: true, force: true })
const results = await Promise.all(['strongroom', 'cloudhsm-cli', 'configure-cli'].map(bundle))
process.exitCode = results.every(({ errors, warnings }) => errors.length + warnings.length === 0) ? 0 : 1
