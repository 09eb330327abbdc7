import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

const STRONGROOM = join(import.meta.dirname, '..', '..', 'bin', 'strongroom')

test('the demo shares a key, takes it back, proves it, and leaves nothing behind', () => {
  const temporary = mkdtempSync(join(tmpdir(), 'strongroom-demo-test-'))
  const home = mkdtempSync(join(tmpdir(), 'strongroom-demo-home-'))
  try {
    const env = { PATH: process.env['PATH'], HOME: home, TMPDIR: temporary }
    const { status, stdout, stderr } = spawnSync(STRONGROOM, ['demo'], { env, encoding: 'utf8' })
    assert.deepEqual([status, stderr], [0, ''])
    const commands = stdout.match(/(?<=^aws-cloudhsm > )\w+ \w+/gm)
    assert.deepEqual(commands, ['crypto sign', 'key list', 'key unshare', 'key list', 'crypto sign'])
    const replies = stdout.match(/^\{\n[\s\S]*?^\}$/gm)?.map((text) => JSON.parse(text)) ?? []
    const sharedWith = (reply: (typeof replies)[number]) =>
      reply.data.matched_keys[0]['key-info']['shared-users'].map(
        ({ username }: { username: string }) => username,
      )
    const [signed, before, unshared, after, refused] = replies
    assert.ok(signed.data.signature)
    assert.deepEqual(sharedWith(before), ['cu2', 'cu1', 'cu4', 'cu5', 'cu6', 'cu7', 'alice'])
    assert.deepEqual(unshared, { error_code: 0, data: { message: 'Key unshared successfully' } })
    assert.deepEqual(sharedWith(after), ['cu2', 'cu1', 'cu4', 'cu5', 'cu6', 'cu7'])
    assert.equal(refused.error_code, 1)
    assert.match(stdout, /Refused\. The key is no longer hers to use\.\n\n(.+\n){3}$/)
    assert.deepEqual([readdirSync(temporary), readdirSync(home)], [[], []])
  } finally {
    for (const directory of [temporary, home]) rmSync(directory, { recursive: true })
  }
})
