/**
 * The fast or the slow part of the tests: `node tools/tests.ts fast`. Options are handed on to `node --test`.
 *
 * The fast ones run in as many processes as there are groups of them: one by one they take half of two processors, and a
 * process for each file takes longer to start than to run. The slow ones have a process for each file, two at a time.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'

type Group = { readonly name: string; readonly files: readonly string[] }
type Part = {
  readonly groups: readonly Group[]
  readonly options: readonly string[]
  /** A test that waits for ever fails after this. */
  readonly testMs: number
}

const filesOf = (...folders: string[]) =>
  folders.flatMap((folder) => globSync(`test/${folder}/**/*.test.ts`).sort())
const unit = filesOf('unit')

const PARTS: Readonly<Record<string, Part>> = {
  fast: {
    groups: [
      { name: 'contract', files: filesOf('contract') },
      { name: 'property', files: filesOf('property') },
      // Two thirds of all: every other file is in the second half.
      { name: 'one half of unit', files: unit.filter((_, place) => place % 2 === 0) },
      { name: 'the other half of unit', files: unit.filter((_, place) => place % 2 === 1) },
    ],
    options: ['--test-isolation=none'],
    testMs: 300_000,
  },
  slow: {
    groups: [{ name: 'the slow part', files: filesOf('e2e', 'cluster', 'conformance', 'fuzz', 'mutation') }],
    options: ['--test-concurrency=2'],
    testMs: 900_000,
  },
}

const KILL_MS = 10_000

/** @returns the exit status; what one of several groups printed is shown in one piece when it has ended */
function run(
  { name, files }: Group,
  { groups, options, testMs }: Part,
  more: readonly string[],
): Promise<number> {
  const child = spawn(
    process.execPath,
    [
      '--disable-warning=ExperimentalWarning',
      '--test',
      `--test-timeout=${testMs}`,
      ...options,
      ...more,
      ...files,
    ],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
    },
  )
  const parts: string[] = []
  const show = (text: string) => (groups.length === 1 ? process.stdout.write(text) : parts.push(text))
  // It has a test that never gives way to the timer, or one that has left something open: node waits for that.
  const silenceMs = testMs + 60_000
  const silence = setTimeout(() => {
    show(
      `\n${name} has printed nothing for ${silenceMs / 1000} s, and was ended: a test hangs, or has left something open\n`,
    )
    // Node then says what has failed, unless a test does not let it.
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), KILL_MS).unref()
  }, silenceMs)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    show(text)
    silence.refresh()
  })
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(silence)
      process.stdout.write(parts.join(''))
      resolve(code ?? 1)
    })
  })
}

const [name = '', ...more] = process.argv.slice(2)
const part = PARTS[name]
if (part) {
  const codes = await Promise.all(part.groups.map((group) => run(group, part, more)))
  process.exitCode = Math.max(...codes)
} else {
  process.stderr.write(`One of ${Object.keys(PARTS).join(', ')} is needed\n`)
  process.exitCode = 2
}
