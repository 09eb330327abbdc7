/** Structured logs of the HSM: JSON, one object a line, on standard output. */
import { destination, pino } from 'pino'
import type { Log } from './open-engine.ts'

/** Nothing logs these; should something ever do, they stay out all the same. */
const SECRETS = ['password', 'token', 'session', 'authorization', 'material', 'data', 'key', 'pin']

export function createLogger(): Log {
  const logger = pino(
    {
      level: 'info',
      base: { pid: process.pid },
      formatters: { level: (label) => ({ level: label }) },
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: { paths: SECRETS.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), remove: true },
    },
    // Written before the call returns: the last line before a crash is the one that is needed.
    destination({ fd: 1, sync: true }),
  )
  return (level, fields, message) => logger[level](fields, message)
}
