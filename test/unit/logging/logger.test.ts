/** The log in a file: rotated, moved away, or not writable. */
import assert from 'node:assert/strict'
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { type LogOutput, logFile } from '../../../src/logging/log-output.ts'
import { createLogger } from '../../../src/logging/logger.ts'

function temporary(t: TestContext): string {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-log-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return join(directory, 'log')
}

const line = (text: string) => `${text.padEnd(99)}\n`
const texts = (path: string) =>
  readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .map((text) => text.trim())

test('a log is rotated before it outgrows its bound, and the oldest lines go', (t) => {
  const path = temporary(t)
  const output = logFile(path, 300)
  for (let at = 1; at <= 20; at++) assert.equal(output.write(line(`line ${at}`)), true)
  const files = readdirSync(join(path, '..')).sort()
  assert.deepEqual(files, ['log', 'log.1', 'log.2', 'log.3', 'log.4'])
  for (const file of files) {
    const { size, mode } = statSync(join(path, '..', file))
    assert.ok(size <= 300)
    assert.equal(mode & 0o777, 0o600)
  }
  assert.deepEqual(texts(path), ['line 19', 'line 20'])
  assert.deepEqual(texts(`${path}.4`), ['line 7', 'line 8', 'line 9'])
})

test('a log that was moved away goes on under its own name, for every process that writes it', (t) => {
  const path = temporary(t)
  const [one, other] = [logFile(path), logFile(path)]
  one.write(line('1'))
  renameSync(path, `${path}.old`)
  other.write(line('2'))
  one.write(line('3'))
  assert.deepEqual([texts(`${path}.old`), texts(path)], [['1'], ['2', '3']])
  rmSync(path)
  one.reopen()
  other.write(line('4'))
  one.write(line('5'))
  assert.deepEqual(texts(path), ['4', '5'])
})

test('a device is no file to rotate, and a log that cannot be opened says so', (t) => {
  const full = logFile('/dev/full', 10)
  assert.equal(full.write(line('1')), false)
  assert.equal(full.write(line('2')), false)
  assert.ok(statSync('/dev/full').isCharacterDevice())
  const path = join(temporary(t), 'no', 'such')
  assert.throws(() => logFile(path), {
    code: 'unavailable',
    message: `The log ${path} cannot be opened: no such file or directory`,
  })
})

test('lines that could not be written are counted in the log', () => {
  const lines: string[] = []
  let refusals = 0
  const output: LogOutput = {
    write: (written) => refusals-- <= 0 && lines.push(written) > 0,
    reopen: () => undefined,
  }
  const { log } = createLogger(output)
  const messages = () => lines.map((written) => JSON.parse(written)).map(({ msg, lines }) => [msg, lines])
  log('info', {}, 'a')
  refusals = 2
  log('info', {}, 'b')
  log('warn', {}, 'c')
  log('info', {}, 'd')
  log('info', {}, 'e')
  assert.deepEqual(messages(), [
    ['a', undefined],
    ['d', undefined],
    ['lines of the log could not be written', 2],
    ['e', undefined],
  ])
})

test('for the journal each line begins with its priority', () => {
  const lines: string[] = []
  const output: LogOutput = { write: (written) => lines.push(written) > 0, reopen: () => undefined }
  const { log } = createLogger(output, true)
  log('info', {}, 'a')
  log('warn', {}, 'b')
  log('error', {}, 'c')
  assert.deepEqual(
    lines.map((written) => written.slice(0, 4)),
    ['<6>{', '<4>{', '<3>{'],
  )
})

test('what proves who somebody is stays out of the log, wherever it stands', () => {
  const lines: string[] = []
  const output: LogOutput = { write: (written) => lines.push(written) > 0, reopen: () => undefined }
  const { log } = createLogger(output)
  for (const name of ['password', 'token', 'credential', 'authorization', 'pin', 'material']) {
    const secret = { [name]: 'SECRET' }
    const err = Object.assign(new Error('failed', { cause: Object.assign(new Error('why'), secret) }), secret)
    log('error', { ...secret, request: secret, reply: { login: secret }, err }, 'failed')
  }
  assert.equal(lines.length, 6)
  assert.doesNotMatch(lines.join(''), /SECRET/)
  assert.match(lines[0] ?? '', /"message":"failed/)
})
