/** The launchers of bin/, in packages laid out as a clone and as npm installs one, with a program that tells what it was given. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach, beforeEach, suite, test } from 'node:test'

const LAUNCHERS = join(import.meta.dirname, '../../bin')
const PROGRAMS = ['strongroom', 'cloudhsm-cli', 'configure-cli', 'configure-pkcs11']
/** A program that is started for each command has its bundle in one file. */
const bundleOf = (name: string): string => `dist/${name}.${name === 'strongroom' ? 'mjs' : 'cjs'}`

/** No signal opens a debugger. */
const COMMON = ['--disable-warning=ExperimentalWarning', '--disable-sigusr1']
const FLAGS: Readonly<Record<string, readonly string[]>> = {
  strongroom: ['--max-semi-space-size=8', ...COMMON],
  'configure-cli': COMMON,
  'configure-pkcs11': COMMON,
  'cloudhsm-cli': ['--use-openssl-ca', ...COMMON],
}
const PLATFORMS = ['linux-x64', 'linux-arm64', 'bin-darwin-arm64']

/** Loads an experimental module, whose warning would spoil stderr. */
const probe = (kind: string, file = 'import.meta.filename') => `
process.getBuiltinModule('node:ffi')
console.log(JSON.stringify({
  kind: '${kind}', file: ${file}, words: process.argv.slice(2), pid: process.pid,
  node: process.execPath, flags: process.execArgv, cache: process.env.NODE_COMPILE_CACHE,
}))
process.exitCode = 7
`

suite('launchers', () => {
  let root: string
  beforeEach(() => {
    root = realpathSync(mkdtempSync(join(tmpdir(), 'strongroom launchers ')))
    // A PATH with the one tool that launchers use, so that no node of this machine is in it.
    put('tools/readlink', '/usr/bin/readlink')
  })
  afterEach(() => rmSync(root, { recursive: true }))

  /** A symbolic link below the test's directory. */
  function put(path: string, target: string): void {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    symlinkSync(target, join(root, path))
  }

  function write(path: string, text: string, mode = 0o644): void {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text, { mode })
  }

  function installPackage(at: string, kind: 'clone' | 'published'): void {
    cpSync(LAUNCHERS, join(root, at, 'bin'), { recursive: true })
    for (const name of PROGRAMS) {
      if (kind === 'clone') write(`${at}/src/main/${name}.ts`, probe(kind))
      else write(`${at}/${bundleOf(name)}`, probe(kind, name === 'strongroom' ? undefined : '__filename'))
    }
  }

  function installNode(modules: string, platform = 'linux-x64'): void {
    put(`${modules}/node-${platform}/bin/node`, process.execPath)
  }

  function run(launcher: string, words: readonly string[] = [], path: readonly string[] = [], env = {}) {
    const { status, stdout, stderr, pid } = spawnSync(join(root, launcher), words, {
      cwd: '/',
      env: { ...env, PATH: [...path, 'tools'].map((name) => join(root, name)).join(':') },
      encoding: 'utf8',
    })
    return { status, stderr, pid, told: stdout === '' ? undefined : JSON.parse(stdout) }
  }

  for (const name of PROGRAMS) {
    test(`${name} of a clone runs its source on the pinned Node, whatever node is first in PATH`, () => {
      installPackage('clone', 'clone')
      installNode('clone/node_modules')
      write('old/node', '#!/bin/sh\necho v20.1.0\n', 0o755)
      for (const path of [[], ['old']]) {
        const { told, status, stderr, pid } = run(`clone/bin/${name}`, ['a b', '', '*', '--x=$y'], path)
        assert.deepEqual(told, {
          kind: 'clone',
          file: join(root, `clone/src/main/${name}.ts`),
          words: ['a b', '', '*', '--x=$y'],
          pid,
          node: process.execPath,
          flags: FLAGS[name],
          cache: join(root, 'clone/node_modules/.cache/strongroom'),
        })
        assert.deepEqual([status, stderr], [7, ''])
      }
    })
  }

  for (const platform of PLATFORMS) {
    test(`the Node of node-${platform} is found`, () => {
      installPackage('clone', 'clone')
      installNode('clone/node_modules', platform)
      assert.equal(run('clone/bin/strongroom').told?.kind, 'clone')
    })
  }

  for (const option of ['--use-bundled-ca', '--use-system-ca']) {
    test(`${option} in NODE_OPTIONS goes before what the launcher says of it`, () => {
      installPackage('clone', 'clone')
      installNode('clone/node_modules')
      const { told, stderr } = run('clone/bin/cloudhsm-cli', [], [], { NODE_OPTIONS: option })
      assert.deepEqual([told?.flags, stderr], [COMMON, ''])
    })
  }

  test('--max-semi-space-size in NODE_OPTIONS goes before what the launcher says of it', () => {
    installPackage('clone', 'clone')
    installNode('clone/node_modules')
    const { told } = run('clone/bin/strongroom', [], [], { NODE_OPTIONS: '--max-semi-space-size=32' })
    assert.deepEqual(told?.flags, COMMON)
  })

  test('a published package runs its bundles', () => {
    installPackage('package', 'published')
    installNode('package/node_modules')
    assert.equal(run('package/bin/strongroom').told?.file, join(root, 'package/dist/strongroom.mjs'))
    assert.equal(run('package/bin/cloudhsm-cli').told?.file, join(root, 'package/dist/cloudhsm-cli.cjs'))
  })

  test('links in a row and under another name lead to the program', () => {
    installPackage('clone', 'clone')
    installNode('clone/node_modules')
    put('elsewhere/deep/hsm', '../link')
    put('elsewhere/link', '../clone/bin/cloudhsm-cli')
    assert.equal(run('elsewhere/deep/hsm').told?.file, join(root, 'clone/src/main/cloudhsm-cli.ts'))
  })

  const LAYOUTS: Readonly<Record<string, readonly [at: string, modules: string]>> = {
    'beside the package': ['app/node_modules/strongroom', 'app/node_modules'],
    'further up': ['app/node_modules/tool/node_modules/strongroom', 'app/node_modules'],
    'beside a package in a store': [
      'app/store/strongroom@1/node_modules/strongroom',
      'app/store/strongroom@1/node_modules',
    ],
  }
  for (const [where, [at, modules]] of Object.entries(LAYOUTS)) {
    test(`the Node that npm hoisted is found ${where}`, () => {
      installPackage(at, 'published')
      installNode(modules)
      put('bin/cloudhsm-cli', join(root, at, 'bin/cloudhsm-cli'))
      assert.equal(run('bin/cloudhsm-cli').told?.file, join(root, at, 'dist/cloudhsm-cli.cjs'))
    })
  }

  test('a node beside a clone, where nothing was installed by npm, is not trusted', () => {
    installPackage('clone', 'clone')
    installNode('node_modules')
    assert.equal(run('clone/bin/strongroom').told, undefined)
  })

  test('without the pinned Node a new one in PATH will do', () => {
    installPackage('clone', 'clone')
    put('new/node', process.execPath)
    assert.equal(run('clone/bin/strongroom', [], ['new']).told?.kind, 'clone')
  })

  for (const version of [undefined, 'v20.19.0', 'v25.9.1', 'nonsense']) {
    test(`without the pinned Node and with ${version ?? 'none'} in PATH one sentence says what to do`, () => {
      installPackage('clone', 'clone')
      if (version !== undefined) write('old/node', `#!/bin/sh\necho ${version}\n`, 0o755)
      const { status, stderr, told } = run('clone/bin/strongroom', [], ['old'])
      assert.deepEqual([status, told], [1, undefined])
      assert.equal(
        stderr,
        `strongroom: Node 26 or newer is needed: npm ci in ${join(root, 'clone')} brings it, or put one into PATH\n`,
      )
    })
  }

  test('compiled code is kept inside the package', () => {
    installPackage('clone', 'clone')
    installNode('clone/node_modules')
    run('clone/bin/strongroom')
    assert.equal(readdirSync(join(root, 'clone/node_modules/.cache/strongroom')).length, 1)
  })

  test('the configure tool itself edits the configuration, from any directory', () => {
    put('bin/configure-cli', join(LAUNCHERS, 'configure-cli'))
    const words = ['--config', join(root, 'cli.cfg'), '-a', '10.0.0.1', '--log-level', 'warn']
    const { status, stderr, told } = run('bin/configure-cli', words)
    assert.deepEqual([status, stderr, told], [0, '', undefined])
    assert.match(readFileSync(join(root, 'cli.cfg'), 'utf8'), /"hostname": "10\.0\.0\.1"/)
    assert.equal(run('bin/configure-cli', ['--nope']).status, 2)
  })

  test('a place that cannot keep compiled code does no harm', () => {
    installPackage('clone', 'clone')
    installNode('clone/node_modules')
    write('clone/node_modules/.cache', 'a file where the directory belongs')
    const { told, stderr } = run('clone/bin/strongroom')
    assert.deepEqual([told?.kind, stderr], ['clone', ''])
  })
})
