/** `strongroom start --detach`: starts the HSM as a process of its own and waits until it answers. */
import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { askStatus } from '../administration/ask.ts'
import { done, failed, type Outcome } from '../administration/outcome.ts'
import { showAddress } from '../base/listen-address.ts'
import { HsmError } from '../contract/errors.ts'
import { type Home, looseDirectories, makeHome } from '../home/home.ts'
import { type Running, readRunning } from '../home/running.ts'
import { readServingSettings } from '../home/serving-settings.ts'

/** To answer, once it listens. Before that it reads its store, which takes as long as it takes, or ends by itself. */
const READY_MS = 60_000
/** Whoever waits longer is told what for. */
const PATIENT_MS = 30_000
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
  const reading = setTimeout(tellOfReading, PATIENT_MS, home).unref()
  let until = Number.POSITIVE_INFINITY
  while (performance.now() < until) {
    await sleep(POLL_MS)
    if (failure) throw failure
    if (hasEnded(child)) return failed(lastWords(home, logged))
    const running = announcedBy(home, child)
    if (!running) continue
    clearTimeout(reading)
    until = Math.min(until, performance.now() + READY_MS)
    const answers = await askStatus(home, running).catch((error: unknown) => {
      if (!(error instanceof HsmError)) throw error
      unanswered = `: ${error.message}`
    })
    if (!answers) continue
    child.unref()
    const { log: path = home.log } = readServingSettings(home)
    return done(`Strongroom is serving on ${showAddress(running)} (process ${child.pid}); log: ${path}`)
  }
  child.kill()
  return failed(`The HSM did not answer within ${READY_MS / 1000} s${unanswered}; see ${home.log}`)
}

const hasEnded = ({ exitCode, signalCode }: ChildProcess): boolean => exitCode !== null || signalCode !== null

/** Undefined until it listens. */
function announcedBy(home: Home, child: ChildProcess): Running | undefined {
  const running = readRunning(home)
  return running?.pid === child.pid ? running : undefined
}

const tellOfReading = ({ log }: Home): void =>
  void process.stderr.write(`strongroom: the HSM has not read its store yet; see ${log}\n`)

/** What the child said on its standard error, in this run. */
function lastWords(home: Home, from: number): string {
  const lines = readFileSync(home.log).subarray(from).toString().trimEnd().split('\n')
  const sentence = lines.findLast((line) => line.startsWith('strongroom: '))
  return sentence?.slice('strongroom: '.length) ?? `The HSM ended unexpectedly; see ${home.log}`
}
