/** The programs of native/pkcs11/programs do with our own module and with p11-kit's what docs/PKCS11-PROGRAMS.md says. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import { byLabel, PASSWORD } from '../../support/world.ts'
import { needs, type Owner, run, start, succeeds } from './commands.ts'
import { newerDebian } from './other-debians.ts'
import { BUILDS, needsOwnModule, ownModule, PLAIN } from './own-module.ts'
import { type SocketHsm, startHsm } from './socket-hsm.ts'

const ROOT = join(import.meta.dirname, '..', '..', '..')
const P11_KIT = '/usr/lib/x86_64-linux-gnu/pkcs11/p11-kit-client.so'
const VALGRIND = ['valgrind', '--quiet', '--error-exitcode=9', '--leak-check=full', '--keep-debuginfo=yes']
/** It needs 4 s on an idle machine. */
const VALGRIND_MS = 240_000

const read = (...path: string[]) => readFileSync(join(ROOT, ...path), 'utf8')

/** Cells of the page's rows, by the name of the program. */
const ROWS = new Map(
  read('docs', 'PKCS11-PROGRAMS.md')
    .split('\n')
    .map((line) => line.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
    .flatMap((cells) => {
      const name = /^`(\w+)`$/.exec(cells[0] ?? '')?.[1]
      return name ? [[name, cells] as const] : []
    }),
)
const NAMES = [...ROWS.keys()]
const TRUSTING = ['wrap_with_template', 'unwrap_with_template']

/** Names of the programs that run with a version of p11-kit's client, as the last two columns have it. */
const withP11Kit = (column: -2 | -1) => NAMES.filter((name) => ROWS.get(name)?.at(column) === 'yes')

test('docs/PKCS11-PROGRAMS.md names every program, in its order', () => {
  const programs = read('native', 'pkcs11', 'programs', 'names.h').matchAll(/DO\((\w+)\)/g)
  assert.deepEqual(
    NAMES,
    [...programs].map(([, name]) => name),
  )
})

for (const [title, build] of Object.entries(BUILDS)) {
  suite(`programs with ${title}`, needsOwnModule(build), () => {
    const module = ownModule(build)
    let hsm: SocketHsm
    const program = (name: string) => join(module.directory(), 'programs', name)
    const socket = () => join(module.directory(), 'pkcs11.sock')
    const options = () => ({ env: { P11_KIT_SERVER_ADDRESS: `unix:path=${socket()}` } })
    const words = (library: string) => ['--pin', `alice:${PASSWORD}`, '--library', library]
    before(async () => {
      await module.make('programs')
      hsm = await startHsm(socket())
      for (const name of TRUSTING) await trustKeyOf(name)
    })
    after(() => hsm.stop())

    /** Such a program makes its key and leaves; the key has its name. */
    async function trustKeyOf(name: string): Promise<void> {
      const owner: Owner = { after: () => undefined }
      const { exit } = await run(owner, [program(name), ...words(module.path())], options())
      assert.equal(exit, 3)
      const trust = { filter: byLabel(name), attributes: { trusted: true } }
      await hsm.world.as('admin', 'key.set-attribute', trust)
    }

    for (const name of NAMES) {
      test(name, async (t) => {
        assert.equal(await succeeds(t, [program(name), ...words(module.path())], options()), '')
      })
    }
    if (build !== PLAIN) return

    test('all in one process, under Valgrind', needs('valgrind'), async (t) => {
      const all = [...VALGRIND, program('run'), ...words(module.path()), ...NAMES]
      const { exit, stderr } = await start(t, options().env, all, VALGRIND_MS).ended
      assert.deepEqual({ exit, stderr }, { exit: 0, stderr: '' })
    })

    async function passing(
      owner: Owner,
      library: string,
      loaded = (path: string): readonly string[] => [path],
    ) {
      const passed: string[] = []
      for (const name of NAMES) {
        const { exit } = await run(owner, [...loaded(program(name)), ...words(library)], options())
        if (exit === 0) passed.push(name)
      }
      return passed
    }

    test("with p11-kit's client", needs(P11_KIT, 'dpkg-query'), async (t) => {
      const version = await succeeds(t, ['dpkg-query', '--show', 'p11-kit-modules'])
      const older = version.includes('\t0.24.')
      assert.deepEqual(await passing(t, P11_KIT), withP11Kit(older ? -2 : -1))
    })

    test("with a newer client of p11-kit's", newerDebian.needed(), async (t) => {
      assert.deepEqual(await passing(t, newerDebian.module(), newerDebian.command), withP11Kit(-1))
    })
  })
}
