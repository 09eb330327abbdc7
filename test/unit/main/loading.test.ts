import assert from 'node:assert/strict'
import { execFile, execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { encodeMessage } from '../../../src/cli/agent/messages.ts'

const PROGRAM = join(import.meta.dirname, '../../../src/main/cloudhsm-cli.ts')
/** Tells on standard error which modules of Node were loaded. */
const TELLS = `data:text/javascript,process.on('exit', () => console.error(process.moduleLoadList.join('\\n')))`

test('help loads little of Node: no cryptography, no network, no promises of files', () => {
  const words = ['-c', '"$0" --import "$1" "$2" --help 2>&1 >/dev/null', process.execPath, TELLS, PROGRAM]
  const loaded = execFileSync('/bin/sh', words, { encoding: 'utf8' }).split('\n')
  assert.ok(loaded.includes('NativeModule path'))
  for (const name of ['crypto', 'internal/fs/promises', 'internal/util/diff', 'net', 'tty', 'worker_threads'])
    assert.ok(!loaded.includes(`NativeModule ${name}`), name)
})

test('a command with an agent loads what it takes to ask it, and no cryptography', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-loading-'))
  const socket = join(directory, 'socket')
  const server = createServer((command) => {
    command.on('data', () => {
      command.write(encodeMessage({ ok: { clusterId: 'cluster-one', matched_keys: [], username: 'ines' } }))
    })
  })
  t.after(() => {
    server.close()
    rmSync(directory, { recursive: true })
  })
  await once(server.listen(socket), 'listening')
  chmodSync(socket, 0o600)
  const words = ['-c', '"$0" --import "$1" "$2" key list 2>&1', process.execPath, TELLS, PROGRAM]
  const env = { ...process.env, STRONGROOM_AGENT_SOCK: socket }
  const { stdout } = await promisify(execFile)('/bin/sh', words, { env, encoding: 'utf8' })
  assert.match(stdout, /"matched_keys": \[\]/)
  const loaded = stdout.split('\n')
  assert.ok(loaded.includes('NativeModule net'))
  for (const name of ['crypto', 'tls', 'http2', 'tty', 'worker_threads'])
    assert.ok(!loaded.includes(`NativeModule ${name}`), name)
})
