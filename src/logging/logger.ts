/** Structured logs of the HSM: JSON, one object a line. */
import { fstatSync, statSync } from 'node:fs'
import { pino } from 'pino'
import type { Log } from '../base/log.ts'
import { visible } from '../contract/shown.ts'
import { type LogOutput, logFile, standardOutput } from './log-output.ts'

/** Nothing logs these; should something ever do, they stay out all the same. */
const SECRETS = [
  'password',
  'token',
  'credential',
  'session',
  'authorization',
  'material',
  'data',
  'key',
  'pin',
]

/** The priority by which journald sorts lines (sd-daemon(3)). */
const PRIORITIES = { info: 6, warn: 4, error: 3 } as const satisfies Record<Parameters<Log>[0], number>

export type Logger = {
  readonly log: Log
  /** Goes on in the file that has the name of the log now. */
  reopen(): void
}

/** @param toJournal each line begins with its priority */
export function createLogger(output: LogOutput, toJournal = false): Logger {
  let lost = 0
  let prefix = ''
  const logger = pino(
    {
      level: 'info',
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), remove: true },
    },
    {
      write(line) {
        if (!output.write(prefix + visible(line))) lost += 1
      },
    },
  )
  const log: Log = (level, fields, message) => {
    const lostBefore = lost
    if (toJournal) prefix = `<${PRIORITIES[level]}>`
    logger[level](fields, message)
    if (lostBefore === 0 || lost > lostBefore) return
    lost = 0
    log('warn', { lines: lostBefore }, 'lines of the log could not be written')
  }
  return { log, reopen: output.reopen }
}

/**
 * @param path of the log; left out, standard output
 * @param home the log of the home, to which `start --detach` directs standard output
 * @param journal `$JOURNAL_STREAM`
 * @throws HsmError `unavailable` when the file cannot be opened
 */
export function openLogger(
  path: string | undefined,
  home: string | undefined,
  journal: string | undefined,
): Logger {
  if (path !== undefined) return createLogger(logFile(path))
  if (home !== undefined && isStandardOutput(home)) return createLogger(logFile(home))
  return createLogger(standardOutput(), isJournal(journal))
}

function isStandardOutput(path: string): boolean {
  const file = statSync(path, { throwIfNoEntry: false })
  const output = fstatSync(1)
  return file !== undefined && file.ino === output.ino && file.dev === output.dev
}

/** @param stream device and inode of what journald reads (systemd.exec(5)) */
function isJournal(stream: string | undefined): boolean {
  const { dev, ino } = fstatSync(1)
  return stream === `${dev}:${ino}`
}
