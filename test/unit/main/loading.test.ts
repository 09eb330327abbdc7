import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

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
