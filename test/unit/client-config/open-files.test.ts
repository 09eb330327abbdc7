import assert from 'node:assert/strict'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { warnOfOpenFiles } from '../../../src/client-config/open-files.ts'

test('files that others may change are warned of, each once', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-open-'))
  t.after(() => rmSync(root, { recursive: true }))
  const [config, certificate, key] = ['cli.cfg', 'ca.crt', 'c.key'].map((name) => join(root, name))
  assert.ok(config && certificate && key)
  for (const path of [config, certificate, key]) writeFileSync(path, '', { mode: 0o600 })
  const told: string[] = []
  const warned = new Set<string>()
  const look = () => warnOfOpenFiles([config, certificate], [key], (text) => void told.push(text), warned)
  chmodSync(config, 0o664)
  look()
  assert.deepEqual(told, [])
  chmodSync(config, 0o666)
  chmodSync(key, 0o604)
  look()
  look()
  assert.deepEqual(told, [
    `warning: others can change ${config}; close it with: chmod o-w ${config}\n`,
    `warning: others can read ${key}; close it with: chmod o-r ${key}\n`,
  ])
  chmodSync(root, 0o777)
  look()
  assert.equal(told[2], `warning: others can change ${root}; close it with: chmod o-w ${root}\n`)
})

test('a directory in which nobody removes what is somebody else’s is not warned of', (t) => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-sticky-'))
  t.after(() => rmSync(root, { recursive: true }))
  chmodSync(root, 0o1777)
  warnOfOpenFiles([join(root, 'ca.crt')], [], (text) => assert.fail(text), new Set())
})
