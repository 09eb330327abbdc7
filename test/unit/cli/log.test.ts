import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { createLog, loggedHsm } from '../../../src/cli/log.ts'
import { HsmError } from '../../../src/contract/errors.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'

const directory = mkdtempSync(join(tmpdir(), 'strongroom-log-'))
after(() => rmSync(directory, { recursive: true }))

const AT = new Date('2026-11-26T13:45:00.123Z') // a Thursday
const file = join(directory, 'deep', 'cli.log')

function start(changes: Partial<Parameters<typeof createLog>[0]> = {}) {
  const told: string[] = []
  const needs = { now: () => AT, stderr: (text: string) => void told.push(text) }
  const log = createLog({ type: 'file', file, level: 'info', rotation: 'never', ...changes }, needs)
  return { log, told }
}

test('a line is time, level and message, in a file only its owner reads', () => {
  const { log, told } = start()
  log('info', 'one')
  log('error', 'two\nlines')
  assert.equal(
    readFileSync(file, 'utf8'),
    '2026-11-26T13:45:00.123Z INFO  one\n2026-11-26T13:45:00.123Z ERROR two lines\n',
  )
  assert.equal(statSync(file).mode & 0o777, 0o600)
  assert.deepEqual(told, [])
})

test('lines less important than the level are left out', () => {
  const { log, told } = start({ type: 'term', level: 'warn' })
  for (const level of ['error', 'warn', 'info', 'debug', 'trace'] as const) log(level, level)
  assert.deepEqual(
    told.map((line) => line.split(' ').at(-1)),
    ['error\n', 'warn\n'],
  )
})

test('each period has a file named by its beginning', () => {
  for (const rotation of ['hourly', 'daily', 'weekly'] as const) start({ rotation }).log('info', rotation)
  const suffixes = readdirSync(join(directory, 'deep')).map((name) => name.replace('cli.log', ''))
  assert.deepEqual(
    suffixes.toSorted((a, b) => a.localeCompare(b)),
    ['', '.2026-11-23', '.2026-11-26', '.2026-11-26-13'],
  )
})

test('what no file takes is told elsewhere, and the reason once', () => {
  const blocked = join(directory, 'blocked')
  writeFileSync(blocked, '')
  const { log, told } = start({ file: join(blocked, 'cli.log') })
  log('info', 'one')
  log('info', 'two')
  assert.match(
    told[0] ?? '',
    /^The log file .*cli\.log cannot be written: a part of the path is not a directory\n$/,
  )
  assert.deepEqual(
    told.slice(1).map((line) => line.slice(25)),
    ['INFO  one\n', 'INFO  two\n'],
  )
})

test('a log file where nothing can be made does not hold anybody up', {
  skip: process.platform !== 'linux',
}, () => {
  const { log, told } = start({ file: '/proc/nope/run/cli.log' })
  log('info', 'one')
  assert.deepEqual(
    [told[0], told[1]?.slice(25)],
    ['The log file /proc/nope/run/cli.log cannot be written: no such file or directory\n', 'INFO  one\n'],
  )
})

test('a log file that is no regular file has no period in its name, and one that nobody reads holds nobody up', () => {
  const fifo = join(directory, 'fifo')
  execFileSync('mkfifo', [fifo])
  const { log, told } = start({ file: fifo, rotation: 'daily' })
  log('info', 'one')
  assert.match(told[0] ?? '', /fifo cannot be written: it is a socket, or nobody reads from it/)
  assert.deepEqual(
    readdirSync(directory).filter((name) => name.startsWith('fifo')),
    ['fifo'],
  )
})

test('calls are logged by operation and outcome, without a value of the request', async () => {
  const { log, told } = start({ type: 'term' })
  const hsm: Hsm = {
    async call(operation) {
      if (operation === 'session.login') throw new HsmError('bad-credentials')
      return {} as never
    },
  }
  const logged = loggedHsm(hsm, log)
  await logged.call('session.logout', {}, 'the token')
  await assert.rejects(
    logged.call('session.login', { username: 'u', role: 'admin', password: 'the password' }),
  )
  assert.deepEqual(
    told.map((line) => line.slice(25)),
    [
      'INFO  session.logout ok\n',
      'ERROR session.login bad-credentials: Incorrect authentication credentials\n',
    ],
  )
})
