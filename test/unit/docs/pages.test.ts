/** Every printed block of every page is run by a test, or says that it is an example. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { blocksOf, type PageBlock, readPage } from '../../support/console-page.ts'
import { CLUSTER_PAGES, FOLDERS, PAGES } from '../../support/pages.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const PATHS = globSync(['*.md', 'docs/**/*.md'], { cwd: ROOT }).sort()
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

const COMMAND =
  /^(\w*\$ |(npm|npx|node|git|cd|export|eval|sudo|ssh|curl|openssl|etcdctl|strongroom|cloudhsm-cli|configure-cli) )/
/** Blocks that show a format and no command. */
const FORMATS = ['', 'text', 'asn1', 'json']

const isRun = (path: string) =>
  path in PAGES ||
  FOLDERS.some((folder) => path.startsWith(folder)) ||
  CLUSTER_PAGES.some((page) => page === path)

/** What is wrong with a block, if anything. */
function problem(path: string, { info, lines }: PageBlock): string | undefined {
  const [language = '', mark] = info.split(' ')
  if (mark === 'example') return undefined
  if (mark !== undefined) return `has an unknown mark: ${mark}`
  if (language === 'console') return isRun(path) ? undefined : 'is on a page that no test runs'
  if (FORMATS.includes(language))
    return lines.some((line) => COMMAND.test(line)) ? 'has a command' : undefined
  // The test of that folder saves them under the names that the pages give them.
  return path.startsWith('docs/pkcs11/') ? undefined : `is of a kind that nothing runs: ${language}`
}

test('every block is run, or marked as an example', () => {
  const problems = PATHS.filter((path) => path !== 'docs/reference/cli.md').flatMap((path) =>
    blocksOf(read(path)).flatMap((block) => {
      const wrong = problem(path, block)
      return wrong === undefined ? [] : [`${path}:${block.first}: the block ${wrong}`]
    }),
  )
  assert.deepEqual(problems, [])
})

test('no block is indented instead of fenced, which nothing would see', () => {
  const indented = PATHS.flatMap((path) => {
    const text = read(path).replaceAll(/^```.*?^```$/gms, (block) => block.replaceAll(/[^\n]/g, ''))
    return [...text.matchAll(/\n\n {4}(?![ *-])\S.*/g)].map(
      ({ 0: found, index }) => `${path}:${text.slice(0, index + 2).split('\n').length}:${found.trim()}`,
    )
  })
  assert.deepEqual(indented, [])
})

test('every page that is said to be run has commands', () => {
  const paths = [...Object.keys(PAGES), ...CLUSTER_PAGES]
  for (const path of paths) assert.ok(readPage(read(path)).length > 0, path)
})
