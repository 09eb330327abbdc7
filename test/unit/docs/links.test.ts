/** Whatever the pages point at is there: pages, their headings, and files of the project. */
import assert from 'node:assert/strict'
import { existsSync, globSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { test } from 'node:test'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const PAGES = globSync(['*.md', 'docs/**/*.md', 'test/**/*.md'], { cwd: ROOT }).sort()
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8')

const withoutBlocks = (text: string) => text.replaceAll(/^```.*?^```$/gms, '')

/** As sites that show Markdown name headings. */
const anchorsOf = (text: string) =>
  new Set(
    [...withoutBlocks(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
      heading
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    ),
  )

function brokenLinks(page: string): readonly string[] {
  const links = [...withoutBlocks(read(page)).matchAll(/\]\((?!\w+:)([^)\s]*)\)/g)].map(
    ([, link = '']) => link,
  )
  return links.filter((link) => {
    const [path = '', anchor] = link.split('#')
    const target = path === '' ? page : join(dirname(page), path)
    if (!existsSync(join(ROOT, target))) return true
    return anchor !== undefined && !anchorsOf(read(target)).has(anchor)
  })
}

test('every link leads to a page, and to a heading of it', () => {
  const broken = PAGES.flatMap((page) => brokenLinks(page).map((link) => `${page}: ${link}`))
  assert.deepEqual(broken, [])
})

/** A path with a folder in it: from the root of the project or, as pages about the source have it, from `src`. */
const PATH = /(?<![\w./~$:<-])(?:[\w.-]+\/)+(?:[\w-]+\.(?:ts|mjs|js|json|md|txt|pml|toml|c)\b|(?=[`|\s]|$))/g
const FOLDERS = ['src', 'test', 'tools', 'docs', 'bench', 'bin', 'model-check']
const TOP = [...FOLDERS, ...globSync('src/*', { cwd: ROOT }).map((path) => path.slice('src/'.length))]

const isThere = (path: string) => [path, join('src', path)].some((name) => existsSync(join(ROOT, name)))

function missingFiles(page: string): readonly string[] {
  const text = page === 'docs/ARCHITECTURE.md' ? read(page) : withoutBlocks(read(page))
  const codes =
    page === 'docs/ARCHITECTURE.md' ? [text] : [...text.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code)
  const paths = codes.flatMap((code) => [...code.matchAll(PATH)].map(([path]) => path))
  return paths.filter((path) => TOP.includes(path.split('/')[0] ?? '') && !isThere(path))
}

test('every file that a page names is there', () => {
  const missing = PAGES.filter((page) => page !== 'CHANGELOG.md').flatMap((page) =>
    missingFiles(page).map((path) => `${page}: ${path}`),
  )
  assert.deepEqual(missing, [])
})
