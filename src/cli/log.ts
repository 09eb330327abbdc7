/** The log that the client configuration asks for: what the HSM was asked and how it ended, never with which values. */
import { closeSync, constants, openSync, statSync } from 'node:fs'
import { dirname, isAbsolute, resolve } from 'node:path'
import { writeAllNow } from '../base/descriptors.ts'
import { makeDirectory } from '../base/directories.ts'
import { reasonOf } from '../base/reasons.ts'
import type { LoggingConfig } from '../client-config/client-config.ts'
import { HsmError } from '../contract/errors.ts'
import type { Hsm } from '../contract/hsm.ts'
import { shown, visible } from '../contract/shown.ts'

const LEVELS = ['error', 'warn', 'info', 'debug', 'trace'] as const
type Level = LoggingConfig['level']

export type Log = (level: Level, message: string) => void

export type LogNeeds = {
  readonly now: () => Date
  /** Where lines go that no file takes, and those of `log_type` `term`. Never standard output. */
  readonly stderr: (text: string) => void
}

/**
 * Lines that are less severe than the level are left out. When the file cannot be written, this is told on standard
 * error, where lines go from then on.
 */
export function createLog({ type, file, level, rotation }: LoggingConfig, { now, stderr }: LogNeeds): Log {
  const most = LEVELS.indexOf(level)
  // The directory that a relative path counts from may be another one later.
  const located = type === 'term' || isAbsolute(file) ? file : resolve(file)
  const ending = () => (isSpecial(located) ? '' : suffix(rotation, now()))
  const path = () => file + ending()
  let write = type === 'term' ? stderr : (line: string) => append(located + ending(), line)
  return (severity, message) => {
    if (LEVELS.indexOf(severity) > most) return
    const line = `${now().toISOString()} ${severity.toUpperCase().padEnd(5)} ${visible(message.replaceAll('\n', ' '))}\n`
    try {
      write(line)
    } catch (error) {
      stderr(`The log file ${shown(path())} cannot be written: ${reasonOf(error)}\n`)
      write = stderr
      write(line)
    }
  }
}

/** The same HSM, with a line for each call. */
export const loggedHsm = (hsm: Hsm, log: Log): Hsm => ({
  async call(operation, request, session) {
    try {
      const reply = await hsm.call(operation, request, session)
      log('info', `${operation} ok`)
      return reply
    } catch (error) {
      log(
        'error',
        `${operation} ${error instanceof HsmError ? `${error.code}: ${error.message}` : String(error)}`,
      )
      throw error
    }
  },
})

/** A device, a pipe or a socket: its name is all there is of it. */
function isSpecial(path: string): boolean {
  try {
    const found = statSync(path, { throwIfNoEntry: false })
    return found !== undefined && !found.isFile()
  } catch {
    return false // what opening it says is more precise
  }
}

/** A pipe that nobody reads is an error, not a reason to wait. */
const APPEND = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | constants.O_NONBLOCK

function append(path: string, line: string): void {
  makeDirectory(dirname(path))
  const file = openSync(path, APPEND, 0o600)
  try {
    writeAllNow(file, Buffer.from(line))
  } finally {
    closeSync(file)
  }
}

const DAY_MS = 86_400_000

/** Each period has a file of its own, named by when it began (UTC). */
function suffix(rotation: LoggingConfig['rotation'], at: Date): string {
  const sinceMonday = (at.getUTCDay() + 6) % 7
  switch (rotation) {
    case 'never':
      return ''
    case 'hourly':
      return `.${at.toISOString().slice(0, 13).replace('T', '-')}`
    case 'daily':
      return `.${at.toISOString().slice(0, 10)}`
    case 'weekly':
      return `.${new Date(at.getTime() - sinceMonday * DAY_MS).toISOString().slice(0, 10)}`
  }
}
