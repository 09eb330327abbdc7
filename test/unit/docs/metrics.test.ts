/** The page on clusters has every metric, and no other. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')
const namesIn = (text: string, pattern: RegExp) =>
  new Set([...text.matchAll(pattern)].map(([, name = '']) => name))

test('every metric of the source has a row in CLUSTER.md, and every row is a metric', () => {
  const sources = globSync('src/metrics/*.ts', { cwd: ROOT }).map(read).join('\n')
  const made = namesIn(sources, /'(strongroom_[a-z0-9_]+)'/g)
  const rows = read('docs/CLUSTER.md')
    .split('\n')
    .filter((line) => line.startsWith('| `strongroom_'))
  const told = namesIn(rows.map((row) => row.split('|')[1]).join('\n'), /(strongroom_[a-z0-9_]+)/g)
  assert.deepEqual(told, made)
})
