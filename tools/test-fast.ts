/**
 * The fast tests, in as many processes as there are groups of them: one by one they take half of two processors, and a
 * process for each file takes longer to start than to run. Options are handed on to `node --test`.
 */
import { spawn } from 'node:child_process'
import { text } from 'node:stream/consumers'

const GROUPS = ['contract', 'property', 'unit'].map((folder) => `test/${folder}/**/*.test.ts`)
/** A test that hangs fails. */
const TIMEOUT = '--test-timeout=300000'
const OPTIONS = ['--disable-warning=ExperimentalWarning', '--test', '--test-isolation=none', TIMEOUT]

/** @returns the exit status; what the group printed is shown in one piece when it has ended */
async function run(group: string): Promise<number> {
  const child = spawn(process.execPath, [...OPTIONS, ...process.argv.slice(2), group], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...(process.stdout.isTTY && { FORCE_COLOR: '1' }) },
  })
  const ended = new Promise<number>((resolve) => {
    child.on('close', (code) => resolve(code ?? 1))
  })
  const printed = await text(child.stdout)
  process.stdout.write(printed)
  return ended
}

const codes = await Promise.all(GROUPS.map(run))
process.exitCode = Math.max(...codes)
