/** The worked example of docs/AUDIT.md, computed with the programs that it names and none of ours. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { createPublicKey } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { checkExport } from '../../../src/audit/check-export.ts'
import { blocksOf } from '../../support/console-page.ts'

const PAGE = readFileSync(join(import.meta.dirname, '../../../docs/AUDIT.md'), 'utf8')
const EXAMPLE = PAGE.slice(
  PAGE.indexOf('### A worked example'),
  PAGE.indexOf('## Files of the key-use journal'),
)

const blocks = blocksOf(EXAMPLE)
const [json = [], pem = []] = ['json', 'text'].map(
  (language) => blocks.find(({ info }) => info === language)?.lines,
)

test('the worked example gives what the page says', (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-audit-'))
  t.after(() => rmSync(directory, { recursive: true }))
  writeFileSync(join(directory, 'audit.jsonl'), `${json.join('\n')}\n`)
  writeFileSync(join(directory, 'audit-key.pem'), `${pem.join('\n')}\n`)
  const lines = blocks.filter(({ info }) => info === 'console example').flatMap(({ lines }) => lines)
  const commands = lines.flatMap((line) => (line.startsWith('$ ') ? line.slice(2) : []))
  const expected = lines.filter((line) => !line.startsWith('$ '))
  const path = `${dirname(process.execPath)}:${process.env['PATH']}`
  const ran = spawnSync('bash', ['-e'], {
    cwd: directory,
    input: commands.join('\n'),
    encoding: 'utf8',
    env: { ...process.env, PATH: path },
  })
  assert.equal(ran.status, 0, ran.stderr)
  // The canonical text has no line feed at its end.
  const printed = ran.stdout
    .replaceAll(/\]\](?=[0-9a-f]{64})/g, ']]\n')
    .trimEnd()
    .split('\n')
  assert.deepEqual(printed, expected)
})

test('the worked example verifies', async () => {
  async function* lines() {
    yield* json
  }
  const verdict = await checkExport(lines(), createPublicKey(pem.join('\n')))
  assert.equal(verdict.ok, true)
})
