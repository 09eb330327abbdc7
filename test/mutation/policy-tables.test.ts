/** Each row of the tables of policy/ is changed once, and the tests of that table must notice. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import type { Mutation } from './mutated.ts'
import { mutantsOf } from './rows.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const HOOK = join(import.meta.dirname, 'mutated.ts')

/** Below src/policy, and the test in test/unit/policy that is to notice. */
const TABLES = [
  { file: 'revocation.ts', tables: ['PERMITTING', 'FORBIDDING'], by: 'revocation' },
  { file: 'attribute-rules.ts', tables: ['RULES'], by: 'attribute-rules' },
  { file: 'new-key-flags.ts', tables: ['CHOSEN', 'IMPOSSIBLE'], by: 'new-key-flags' },
  { file: 'hsm-profile/mechanisms.ts', tables: ['NOT_IN_FIPS'], by: 'hsm-profile' },
  { file: 'trusted-wrapping/profile.ts', tables: ['WRAPPING_USES', 'OTHER_USES'], by: 'trusted-wrapping' },
] as const

type Ran = { readonly exit: number; readonly printed: string }

/** A child of the test runner would report to it, and what it loads must not come from a cache. */
const { NODE_TEST_CONTEXT: _, NODE_COMPILE_CACHE: __, ...ENVIRONMENT }: NodeJS.ProcessEnv = process.env

function run(by: string, mutation?: Mutation): Promise<Ran> {
  const words = ['--disable-warning=ExperimentalWarning', ...(mutation ? ['--import', HOOK] : [])]
  const env = { ...ENVIRONMENT, ...(mutation && { MUTATION: JSON.stringify(mutation) }) }
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      [...words, '--test', '--test-isolation=none', `test/unit/policy/${by}.test.ts`],
      { cwd: ROOT, env, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => resolve({ exit: error ? 1 : 0, printed: stdout + stderr }),
    )
  })
}

/** That a test could not even be loaded would prove nothing. */
const hasNoticed = ({ exit, printed }: Ran): boolean => exit !== 0 && /AssertionError|TypeError/.test(printed)

suite('the tables of policy/', { concurrency: 2 }, () => {
  for (const { file, tables, by } of TABLES) {
    test(`${by} passes as it is`, async () => {
      const { exit, printed } = await run(by)
      assert.equal(exit, 0, printed)
    })
    const path = join(ROOT, 'src', 'policy', file)
    const source = readFileSync(path, 'utf8')
    for (const table of tables) {
      const mutants = mutantsOf(source, table)
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
