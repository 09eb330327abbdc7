import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'node:test'

const PROGRAM = join(import.meta.dirname, '../../../src/main/cloudhsm-cli.ts')
/** Tells on standard error which modules of Node were loaded. */
const TELLS = `data:text/javascript,process.on('exit', () => console.error(process.moduleLoadList.join('\\n')))`

test('help loads no cryptography, no network protocol and nothing that writes files', () => {
  const told = execFileSync(
    '/bin/sh',
    ['-c', '"$0" --import "$1" "$2" --help 2>&1 >/dev/null', process.execPath, TELLS, PROGRAM],
    {
      encoding: 'utf8',
    },
  )
  const loaded = told.split('\n')
  assert.ok(loaded.includes('NativeModule path'), told)
  for (const name of ['crypto', 'fs/promises', 'http', 'https', 'tls'])
    assert.ok(!loaded.includes(`NativeModule ${name}`), name)
})
