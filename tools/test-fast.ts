/**
 * The fast tests, in as many processes as there are groups of them: one by one they take half of two processors, and a
 * process for each file takes longer to start than to run. Options are handed on to `node --test`.
 */
import { spawn } from 'node:child_process'
import { globSync } from 'node:fs'

const filesOf = (folder: string) => globSync(`test/${folder}/**/*.test.ts`).sort()
const unit = filesOf('unit')
/** The unit tests are two thirds of all: every other file is in the second half. */
const GROUPS: Readonly<Record<string, string[]>> = {
  contract: filesOf('contract'),
  property: filesOf('property'),
  'one half of unit': unit.filter((_, place) => place % 2 === 0),
  'the other half of unit': unit.filter((_, place) => place % 2 === 1),
}
/** A test that waits for ever fails after this. */
const TEST_MS = 300_000
/**
 * A group that prints nothing for so long has a test that never gives way to the timer, or one that has left something open:
 * node waits for that, before it says what has failed.
 */
const SILENCE_MS = TEST_MS + 60_000
const KILL_MS = 10_000
const TIMEOUT = `--test-timeout=${TEST_MS}`
const OPTIONS = ['--disable-warning=ExperimentalWarning', '--test', '--test-isolation=none', TIMEOUT]

/** @returns the exit status; what the group printed is shown in one piece when it has ended */
function run([group, files]: [string, string[]]): Promise<number> {
  const child = spawn(process.execPath, [...OPTIONS, ...process.argv.slice(2), ...files], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
  })
  let printed = ''
  const silence = setTimeout(() => {
    printed += `\n${group} has printed nothing for ${SILENCE_MS / 1000} s, and was ended: a test hangs, or has left something open\n`
    // Node then says what has failed, unless a test does not let it.
    child.kill('SIGTERM')
    setTimeout(() => child.kill('SIGKILL'), KILL_MS).unref()
  }, SILENCE_MS)
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    printed += text
    silence.refresh()
  })
  return new Promise((resolve) => {
    child.on('close', (code) => {
      clearTimeout(silence)
      process.stdout.write(printed)
      resolve(code ?? 1)
    })
  })
}

const codes = await Promise.all(Object.entries(GROUPS).map(run))
process.exitCode = Math.max(...codes)
