/** `strongroom start --detach`: starts the HSM as a process of its own and waits until it answers. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { askStatus } from '../administration/ask.ts'
import { done, failed, type Outcome } from '../administration/outcome.ts'
import { showAddress } from '../base/listen-address.ts'
import { HsmError } from '../contract/errors.ts'
import { type Home, looseDirectories, makeHome } from '../home/home.ts'
import { readRunning } from '../home/running.ts'
import { readServingSettings } from '../home/serving-settings.ts'

const READY_MS = 60_000
const POLL_MS = 25

/**
 * @param program the script that this process runs
 * @param words of the options that it is started with, besides the home; relative paths would not do
 */
export async function detach(home: Home, words: readonly string[], program: string): Promise<Outcome> {
  makeHome(home)
  for (const problem of looseDirectories(home)) process.stderr.write(`strongroom: ${problem}\n`)
  const log = openSync(home.log, 'a', 0o600)
  const logged = fstatSync(log).size
  const child = spawn(
    process.execPath,
    [...process.execArgv, program, 'start', '--home', home.root, ...words],
    { detached: true, stdio: ['ignore', log, log], cwd: home.root },
  )
  let failure: Error | undefined
  child.once('error', (error) => {
    failure = error
  })
  closeSync(log)
  let unanswered = ''
  const until = performance.now() + READY_MS
  while (performance.now() < until) {
    await sleep(POLL_MS)
    if (failure) throw failure
    if (hasEnded(child)) return failed(lastWords(home, logged))
    const address = await answersAt(home, child).catch((error: unknown) => {
      if (!(error instanceof HsmError)) throw error
      unanswered = `: ${error.message}`
    })
    if (address === undefined) continue
    child.unref()
    const { log: path = home.log } = readServingSettings(home)
    return done(`Strongroom is serving on ${address} (process ${child.pid}); log: ${path}`)
  }
  child.kill()
  return failed(`The HSM did not answer within ${READY_MS / 1000} s${unanswered}; see ${home.log}`)
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

/**
 * Undefined until the child is ready to answer over TLS.
 *
 * @throws HsmError when it does not answer
 */
async function answersAt(home: Home, child: ChildProcess): Promise<string | undefined> {
  const running = readRunning(home)
  if (!running || running.pid !== child.pid) return undefined
  await askStatus(home, running)
  return showAddress(running)
}

/** What the child said on its standard error, in this run. */
function lastWords(home: Home, from: number): string {
  const lines = readFileSync(home.log).subarray(from).toString().trimEnd().split('\n')
  const sentence = lines.findLast((line) => line.startsWith('strongroom: '))
  return sentence?.slice('strongroom: '.length) ?? `The HSM ended unexpectedly; see ${home.log}`
}
