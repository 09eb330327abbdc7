/**
 * The pages of `docs/cookbook/`, command by command as a reader types them: each begins with an HSM as the first page
 * sets it up, in an empty home. What a page says is printed must be printed.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { suite, test } from 'node:test'
import { isAsPrinted, readPage, type Step } from '../support/console-page.ts'
import { freePort } from '../support/free-port.ts'
import { ENGINE } from './pkcs11/certificates.ts'
import { needs } from './pkcs11/commands.ts'

const ROOT = join(import.meta.dirname, '..', '..')
const FOLDER = join(ROOT, 'docs', 'cookbook')
const FIRST = 'README.md'

const pageOf = (name: string): readonly Step[] => readPage(readFileSync(join(FOLDER, name), 'utf8'))

suite('the cookbook', needs('openssl', ENGINE), () => {
  const beginning = pageOf(FIRST)
  for (const name of readdirSync(FOLDER).sort()) {
    test(name, async () => {
      const steps = name === FIRST ? beginning : [...beginning, ...pageOf(name)]
      const ran = await runSteps(steps)
      for (const [at, { line, command, expected }] of steps.entries()) {
        const { printed, exit } = ran[at] ?? { printed: '', exit: undefined }
        const told = `${name}:${line}: ${command}\n${printed}(exit status ${exit})`
        const isRefusal = expected.some((text) => text.includes('"error_code": 1'))
        assert.equal(exit, isRefusal ? 1 : 0, told)
        if (expected.length > 0 && !isAsPrinted(expected, printed))
          assert.equal(printed, expected.join('\n'), told)
      }
    })
  }
})

type Ran = { readonly printed: string; readonly exit: number }

/** Ends what a command printed; its exit status follows. */
const MARK = '\u0001'

/** One shell runs them all, in a directory that looks like a clone. */
async function runSteps(steps: readonly Step[]): Promise<readonly Ran[]> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-cookbook-'))
  try {
    const port = await freePort()
    symlinkSync(join(ROOT, 'bin'), join(directory, 'bin'))
    const script = [
      'exec 2>&1',
      "trap 'bin/strongroom stop >/dev/null; bin/strongroom stop --home clone >/dev/null 2>&1; kill $(jobs -p) 2>/dev/null' EXIT",
      ...steps.map(({ command }) => `${elsewhere(command, port)}\nprintf '${MARK}%s\\n' $?`),
    ].join('\n')
    writeFileSync(join(directory, '.script'), script)
    const shell = spawn('bash', ['.script'], {
      cwd: directory,
      env: { PATH: process.env['PATH'], HOME: directory, LANG: 'C.UTF-8' },
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    return readRan(await text(shell.stdout))
  } finally {
    rmSync(directory, { recursive: true, force: true })
  }
}

/** Tests run side by side. */
const elsewhere = (command: string, port: number): string =>
  command
    .replace(/^strongroom start --detach$/m, '$& --listen 127.0.0.1:0')
    .replaceAll(/127\.0\.0\.1:(?:8443|2224)/g, `127.0.0.1:${port}`)

const readRan = (output: string): readonly Ran[] =>
  [...output.matchAll(new RegExp(`([^${MARK}]*)${MARK}(\\d+)\\n`, 'g'))].map(([, printed = '', exit]) => ({
    printed,
    exit: Number(exit),
  }))
