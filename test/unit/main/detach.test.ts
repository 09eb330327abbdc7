import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { homeAt } from '../../../src/home/home.ts'
import { detach } from '../../../src/main/detach.ts'

test('a process that the operating system does not start is an error, with its cause', async (t) => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-detach-'))
  const { execPath } = process
  t.after(() => {
    process.execPath = execPath
    rmSync(root, { recursive: true })
  })
  process.execPath = join(root, 'no-node')
  await assert.rejects(detach(homeAt(join(root, 'home')), [], 'program.ts'), {
    code: 'ENOENT',
    path: process.execPath,
  })
})
