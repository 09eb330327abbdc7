/** Each row of the tables that policy/ decides by is changed once, and the tests of that table must notice. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Mutation } from './mutated.ts'
import { mutantsOf } from './rows.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const HOOK = join(import.meta.dirname, 'mutated.ts')

/** Below src, and the test in test/unit that is to notice. `column`: what of each row, left out: all of it. */
const TABLES: readonly {
  readonly file: string
  readonly tables: readonly string[]
  readonly column?: string
  readonly by: string
}[] = [
  { file: 'policy/revocation.ts', tables: ['PERMITTING', 'FORBIDDING'], by: 'policy/revocation' },
  { file: 'policy/attribute-rules.ts', tables: ['RULES'], by: 'policy/attribute-rules' },
  { file: 'policy/new-key-flags.ts', tables: ['CHOSEN', 'IMPOSSIBLE'], by: 'policy/new-key-flags' },
  {
    file: 'policy/trusted-wrapping/profile.ts',
    tables: ['WRAPPING_USES', 'OTHER_USES'],
    by: 'policy/trusted-wrapping',
  },
  {
    file: 'contract/mechanisms.ts',
    tables: ['SIGNING', 'CIPHERS', 'WRAPPINGS'],
    column: 'notInFips',
    by: 'policy/hsm-profile',
  },
  { file: 'contract/key-kinds.ts', tables: ['KEY_KINDS'], column: 'notInFips', by: 'policy/hsm-profile' },
  {
    file: 'contract/mechanisms.ts',
    tables: ['SIGNING', 'CIPHERS', 'WRAPPINGS'],
    column: 'keys',
    by: 'contract/mechanisms',
  },
  {
    file: 'contract/key-kinds.ts',
    tables: ['KEY_KINDS'],
    column: 'keyType',
    by: 'contract/mechanisms',
  },
  { file: 'contract/key-kinds.ts', tables: ['KEY_KINDS'], column: 'secret', by: 'contract/mechanisms' },
]

type Ran = { readonly exit: number; readonly printed: string }

/** A child of the test runner would report to it, and what it loads must not come from a cache. */
const { NODE_TEST_CONTEXT: _, NODE_COMPILE_CACHE: __, ...ENVIRONMENT }: NodeJS.ProcessEnv = process.env

function run(by: string, mutation?: Mutation): Promise<Ran> {
  const words = ['--disable-warning=ExperimentalWarning', ...(mutation ? ['--import', HOOK] : [])]
  const env = { ...ENVIRONMENT, ...(mutation && { MUTATION: JSON.stringify(mutation) }) }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...words, '--test', '--test-isolation=none', `test/unit/${by}.test.ts`],
      { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ exit: error ? 1 : 0, printed: stdout + stderr }),
    )
  })
}

/** That a test could not even be loaded would prove nothing. */
const hasNoticed = ({ exit, printed }: Ran): boolean => exit !== 0 && /AssertionError|TypeError/.test(printed)

suite('the tables that policy/ decides by', { concurrency: 2 }, () => {
  for (const by of new Set(TABLES.map((table) => table.by))) {
    test(`${by} passes as it is`, async () => {
      const { exit, printed } = await run(by)
      assert.equal(exit, 0, printed)
    })
  }
  for (const { file, tables, column, by } of TABLES) {
    const path = join(ROOT, 'src', file)
    const source = readFileSync(path, 'utf8')
    for (const table of tables) {
      const mutants = mutantsOf(source, table, column)
      assert.ok(mutants.length > 0, `${table} has no rows`)
      for (const mutant of mutants) {
        const was = source.slice(mutant.from, mutant.to).replace(/,$/, '')
        const is = mutant.instead === '' ? 'left out' : mutant.instead
        const line = source.slice(0, mutant.from).split('\n').length
        test(`${file}:${line} ${table}: ${was} → ${is}`, async () => {
          const ran = await run(by, { ...mutant, file: path })
          assert.ok(hasNoticed(ran), `${by} did not notice\n${ran.printed}`)
        })
      }
    }
  }
})
