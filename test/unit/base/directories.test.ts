import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { makeDirectory } from '../../../src/base/directories.ts'

suite('makeDirectory', () => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-directories-'))
  const at = (...names: readonly string[]): string => join(root, ...names)
  after(() => rmSync(root, { recursive: true }))

  test('makes what is missing, for the owner alone, and leaves what is there', () => {
    makeDirectory(at('a', 'b', 'c'))
    for (const names of [['a'], ['a', 'b'], ['a', 'b', 'c']]) {
      assert.equal(statSync(at(...names)).mode & 0o777, 0o700)
    }
    mkdirSync(at('open'), { mode: 0o755 })
    makeDirectory(at('open'))
    assert.equal(statSync(at('open')).mode & 0o777, 0o755)
    symlinkSync('open', at('link'))
    makeDirectory(at('link'))
    makeDirectory(at('link', 'below'))
    assert.ok(statSync(at('open', 'below')).isDirectory())
  })

  test('a file or a link to nothing in the way is named, and so is what may not be', () => {
    writeFileSync(at('file'), '')
    symlinkSync('nowhere', at('dangling'))
    for (const path of [at('file'), at('file', 'below'), at('dangling', 'below'), at('dangling')]) {
      assert.throws(() => makeDirectory(path), { code: 'ENOTDIR' }, path)
    }
    assert.throws(() => makeDirectory(at('n'.repeat(300), 'x')), { code: 'ENAMETOOLONG' })
  })

  test('returns where the system has no such place', { skip: process.platform !== 'linux' }, () => {
    for (const path of ['/proc/nope', '/proc/nope/deeper/still']) {
      assert.throws(() => makeDirectory(path), { code: 'ENOENT' }, path)
    }
  })
})
