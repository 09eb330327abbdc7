/** The bundles that `npm run build` makes of a clone: never do they run when they are not what is in the sources. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'

const REPOSITORY = join(import.meta.dirname, '../..')
const CLONED = ['bin', 'src', 'tools', 'package.json', 'tsconfig.json']

const ABOUT = 'Manage the users and keys of an HSM cluster, and use the keys'
const EDITED = 'Manage the users and keys of an HSM cluster, and USE the keys'

suite('bundles of a clone', () => {
  const clone = mkdtempSync(join(realpathSync(tmpdir()), 'strongroom-bundles-'))
  const at = (path: string) => join(clone, path)
  const edit = (path: string, from: string, to: string) =>
    writeFileSync(at(path), readFileSync(at(path), 'utf8').replace(from, to))

  before(() => {
    for (const path of CLONED) cpSync(join(REPOSITORY, path), at(path), { recursive: true })
    symlinkSync(join(REPOSITORY, 'node_modules'), at('node_modules'))
    build()
  })
  after(() => rmSync(clone, { recursive: true }))

  /** Every bundle tells by a word of its own in its help that it is what ran. */
  function build(): void {
    const { status, stderr } = spawnSync(process.execPath, ['tools/build.ts'], {
      cwd: clone,
      encoding: 'utf8',
    })
    assert.deepEqual([status, stderr], [0, ''])
    edit('dist/cloudhsm-cli.cjs', ABOUT, 'the bundle')
  }

  function run(): 'the bundle' | 'the sources' | string {
    const { stdout, stderr } = spawnSync(at('bin/cloudhsm-cli'), ['--help'], { encoding: 'utf8' })
    assert.equal(stderr, '')
    const [first = ''] = stdout.split('\n')
    return first === ABOUT ? 'the sources' : first
  }

  /** What the change leads to, and again when it is taken back or built anew. */
  function changed(path: string, change: () => void): void {
    const [content, { atime, mtime }] = [readFileSync(at(path)), statSync(at(path))]
    assert.equal(run(), 'the bundle')
    change()
    assert.notEqual(run(), 'the bundle')
    writeFileSync(at(path), content)
    utimesSync(at(path), atime, mtime)
    build()
  }

  test('as it was built, the bundle runs', () => {
    assert.equal(run(), 'the bundle')
  })

  test('an edited source runs in place of the bundle', () => {
    changed('src/cli/tree.ts', () => {
      edit('src/cli/tree.ts', ABOUT, EDITED)
      assert.equal(run(), EDITED)
    })
  })

  test('a source that is older than the bundle is another one, too', () => {
    changed('src/cli/tree.ts', () => {
      edit('src/cli/tree.ts', ABOUT, EDITED)
      utimesSync(at('src/cli/tree.ts'), 1, 1)
      assert.equal(run(), EDITED)
    })
  })

  for (const path of ['package.json', 'tsconfig.json', 'tools/build.ts']) {
    test(`${path} counts as a source`, () => changed(path, () => edit(path, '\n', '\n\n')))
  }

  test('a source that is gone is a change', () => {
    changed('tsconfig.json', () => rmSync(at('tsconfig.json')))
  })

  test('a package without sources runs its bundle', () => {
    rmSync(at('src'), { recursive: true })
    assert.equal(run(), 'the bundle')
  })
})
