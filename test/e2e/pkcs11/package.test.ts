/** The PKCS#11 module as `npm pack` ships it: compiled for several kinds of machines, and to be compiled and installed. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { needs, type Owner, succeeds } from './commands.ts'
import { arm64Debian, olderDebian } from './other-debians.ts'
import { idOf, payments, pin } from './payments.ts'

const REPOSITORY = join(import.meta.dirname, '../../..')
const PACKED = [
  'bin',
  'docs',
  'native',
  'src',
  'tools',
  'package.json',
  'tsconfig.json',
  'CHANGELOG.md',
  'SECURITY.md',
]
const SOURCES = join(REPOSITORY, 'native', 'pkcs11')
const MODULE = 'libstrongroom_pkcs11.so'
const CLOUDHSM = 'libcloudhsm_pkcs11.so'
const HEADERS = ['cloudhsm_pkcs11_vendor_defs.h', 'pkcs11.h', 'pkcs11t.h']

/** What each kind of machine has, and nothing else is needed. */
const MACHINES: Readonly<Record<string, readonly string[]>> = {
  'linux-arm64-glibc': ['ld-linux-aarch64.so.1', 'libc.so.6', 'libdl.so.2', 'libpthread.so.0'],
  'linux-x64-glibc': ['libc.so.6', 'libdl.so.2', 'libpthread.so.0'],
  'linux-x64-musl': ['libc.so'],
}
/** Of Debian 10 and RHEL 8. */
const NEWEST_GLIBC = [2, 28] as const

/** On a machine that is busy with other things. */
const BUILD_MS = 600_000
const execute = promisify(execFile)

/** Alpine's loader by its musl. */
const MUSL = '/lib/ld-musl-x86_64.so.1'
const PROGRAMS = [
  'make',
  'gcc',
  'clang',
  'ld.lld',
  'mmdebstrap',
  'readelf',
  'npm',
  'tar',
  'pkcs11-tool',
  'openssl',
]

suite('the npm package', needs(...PROGRAMS, 'musl-gcc'), () => {
  const directory = mkdtempSync(join(realpathSync(tmpdir()), 'strongroom-package-'))
  const owner: Owner = { after: () => undefined }
  const company = payments()
  const native = join(directory, 'package', 'native', 'pkcs11')
  const prebuilt = (machine: string) => join(native, 'prebuilt', machine, MODULE)

  before(async () => {
    // Of a copy, since packing makes the bundles anew, which other tests run.
    const clone = join(directory, 'clone')
    for (const path of PACKED) cpSync(join(REPOSITORY, path), join(clone, path), { recursive: true })
    symlinkSync(join(REPOSITORY, 'node_modules'), join(clone, 'node_modules'))
    const words = ['pack', '--json', '--pack-destination', directory]
    const packed = await execute('npm', words, { cwd: clone, timeout: BUILD_MS })
    const [{ filename }] = JSON.parse(packed.stdout.slice(packed.stdout.indexOf('[\n')))
    await succeeds(owner, ['tar', '-x', '-C', directory, '-f', join(directory, filename)])
  })
  after(() => rmSync(directory, { recursive: true }))

  test('has the module for each kind of machine', () => {
    assert.deepEqual(readdirSync(join(native, 'prebuilt')).sort(), Object.keys(MACHINES))
  })

  for (const [machine, libraries] of Object.entries(MACHINES)) {
    test(`${machine} shows the functions of PKCS#11 alone, and needs what such machines have`, async (t) => {
      const ask = (what: string) => succeeds(t, ['readelf', '--wide', what, prebuilt(machine)])
      const symbols = await ask('--dyn-syms')
      const shown = [...symbols.matchAll(/ (?:GLOBAL|WEAK) +DEFAULT +\d+ (\S+)/g)]
        .map(([, name = '']) => name)
        .toSorted(inOrder)
      assert.deepEqual(shown, functionsOf(readFileSync(join(SOURCES, 'include', 'pkcs11.h'), 'utf8')))
      const versions = [...symbols.matchAll(/@GLIBC_(\d+)\.(\d+)/g)].map(([, major, minor]) => [
        Number(major),
        Number(minor),
      ])
      assert.equal(versions.length > 0, machine.endsWith('glibc'))
      for (const [major = 0, minor = 0] of versions)
        assert.ok(major === NEWEST_GLIBC[0] && minor <= NEWEST_GLIBC[1], `glibc ${major}.${minor}`)

      const dynamic = await ask('--dynamic')
      const needed = [...dynamic.matchAll(/\(NEEDED\).*\[(.*)\]/g)].map(([, name = '']) => name)
      assert.deepEqual(
        needed.filter((name) => !libraries.includes(name)),
        [],
      )
      assert.match(dynamic, /\(SONAME\).*\[libstrongroom_pkcs11\.so\]/)
      assert.match(dynamic, /BIND_NOW/)
      assert.doesNotMatch(dynamic, /TEXTREL|RPATH|RUNPATH/)
      const segments = await ask('--program-headers')
      assert.match(segments, / GNU_RELRO /)
      assert.match(segments, / GNU_STACK .* RW /)
      assert.doesNotMatch(segments, / LOAD .* RWE /)
      // Where it was built is nobody's business.
      assert.ok(!readFileSync(prebuilt(machine)).includes(directory))
    })
  }

  /** Bob signs with a key that he is shown. */
  async function signs(t: TestContext, tool: readonly string[], module: string): Promise<void> {
    const label = 'packed'
    if (!('private-key' in (await company.keys('alice', label)))) {
      await company.generateEc(label)
      await company.share(label)
    }
    const words = [...tool, '--module', module, '--login', '--pin', pin('bob')]
    const run = (...more: readonly string[]) => succeeds(t, [...words, ...more], { env: company.env() })
    const [data, signature] = [join(directory, 'data'), join(directory, 'signature')]
    writeFileSync(data, 'a payment')
    const what = ['--id', idOf(label), '--mechanism', 'ECDSA-SHA256', '--input-file', data]
    await run('--sign', ...what, '--output-file', signature)
    assert.match(await run('--verify', ...what, '--signature-file', signature), /Signature is valid/)
  }

  test('the module for this machine', (t) => signs(t, ['pkcs11-tool'], prebuilt('linux-x64-glibc')))

  test('with an older C library', olderDebian.needed(), (t) =>
    signs(t, olderDebian.command('pkcs11-tool'), prebuilt('linux-x64-glibc')),
  )

  test('on arm64', arm64Debian.needed(), (t) =>
    signs(t, arm64Debian.command('pkcs11-tool'), prebuilt('linux-arm64-glibc')),
  )

  test('with musl', async (t) => {
    const program = join(directory, 'with-musl')
    const source = join(import.meta.dirname, 'module-scenarios.c')
    await succeeds(t, [
      'musl-gcc',
      '-D_GNU_SOURCE',
      '-isystem',
      join(native, 'include'),
      '-I',
      join(native, 'programs'),
      '-o',
      program,
      source,
    ])
    for (const scenario of ['signatures', 'threads', 'forks']) {
      const words = [MUSL, program, prebuilt('linux-x64-musl'), pin('alice'), scenario]
      assert.equal(await succeeds(t, words, { env: company.env() }), '')
    }
  })

  test('is compiled and installed under both names, with the headers', async (t) => {
    const root = join(directory, 'root')
    await succeeds(t, ['make', '-C', native])
    await succeeds(t, ['make', '-C', native, 'install', `DESTDIR=${root}`])
    const at = (...path: readonly string[]) => join(root, 'opt', 'cloudhsm', ...path)
    assert.deepEqual(readdirSync(at('lib')).sort(), [CLOUDHSM, MODULE])
    assert.deepEqual(readdirSync(at('include', 'pkcs11')).sort(), HEADERS)
    await signs(t, ['pkcs11-tool'], at('lib', CLOUDHSM))

    const [source, object] = [join(directory, 'program.c'), join(directory, 'program.o')]
    const includes = HEADERS.map((header) => `#include <pkcs11/${header}>\n`)
    writeFileSync(source, `${includes.join('')}CK_MECHANISM_TYPE type = CKM_CLOUDHSM_AES_GCM;\n`)
    await succeeds(t, ['gcc', '-Wall', '-Werror', '-I', at('include'), '-c', '-o', object, source])

    await succeeds(t, ['make', '-C', native, 'install', `DESTDIR=${root}`, 'PREFIX=/usr/local'])
    assert.deepEqual(readdirSync(join(root, 'usr', 'local', 'lib')).sort(), [CLOUDHSM, MODULE])
  })
})

/** Of both versions. */
const functionsOf = (header: string): readonly string[] =>
  [...new Set([...header.matchAll(/_CK_DECLARE_FUNCTION \((C_\w+)/g)].map(([, name = '']) => name))].toSorted(
    inOrder,
  )

const inOrder = (one: string, other: string): number => (one < other ? -1 : 1)
