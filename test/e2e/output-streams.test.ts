/** Output that cannot be written: full, or closed by its reader. No program loses it unnoticed or shows a stack. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test } from 'node:test'
import { activate, client, serve, temporaryHome } from './strongroom.ts'

const BIN = join(import.meta.dirname, '../../bin')
const FULL = 'error: standard output cannot be written: the disk is full\n'

/** By a shell, which knows redirections; `$1` and so on are `words`. */
function shell(script: string, words: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const PATH = `${BIN}:${process.env['PATH']}`
  const options = { env: { ...process.env, ...env, PATH }, encoding: 'utf8', timeout: 60_000 } as const
  const { status, stdout, stderr } = spawnSync('bash', ['-c', script, 'bash', ...words], options)
  return { status, stdout, stderr }
}

suite('output streams', { skip: process.platform !== 'linux' && 'there is no /dev/full' }, () => {
  test('help and mistakes', () => {
    for (const program of ['strongroom', 'cloudhsm-cli', 'configure-cli', 'configure-pkcs11']) {
      const full = shell(`${program} --help > /dev/full`, [])
      assert.deepEqual([full.status, full.stderr], [1, FULL], program)
      assert.equal(shell(`${program} --help > /dev/full 2> /dev/full`, []).status, 1, program)
      assert.deepEqual(shell(`${program} --nonsense 2> /dev/full`, []).status, 2, program)
      const head = shell(`${program} --help | head -c 1 > /dev/null; echo "\${PIPESTATUS[0]}"`, [])
      assert.match(head.stdout, /^[01]\n$/)
      assert.equal(head.stderr, '', program)
    }
  })

  test('a reader that is slow gets all of it', (t) => {
    const { root } = temporaryHome(t)
    const help = shell('cloudhsm-cli --help', []).stdout
    // A pipe that is full, read when the program has had time to end too early.
    const full = 'head -c 65536 /dev/zero'
    const late = 'sleep 1; tail -c +65537'
    assert.equal(shell(`{ ${full}; cloudhsm-cli --help; } | (${late})`, []).stdout, help)
    const out = join(root, 'out')
    const script = `{ ${full} >&2; cloudhsm-cli user list > "$1"; } 2>&1 | (until [ -s "$1" ]; do sleep 0.1; done; ${late})`
    const env = { STRONGROOM_AGENT_SOCK: join(root, 'none'), CLOUDHSM_CLI_CONFIG: join(root, 'none.cfg') }
    const warned = shell(script, [out], env)
    assert.match(warned.stdout, /^warning: going on without the agent .*\n$/)
  })

  test('what an HSM has to tell', async (t) => {
    const home = temporaryHome(t)
    const { child, ended } = await serve(home)
    const hsm = client(t, home)
    await activate(hsm)
    const env = {
      STRONGROOM_HOME: home.root,
      CLOUDHSM_CLI_CONFIG: '',
      CLOUDHSM_ROLE: 'admin',
      CLOUDHSM_PIN: 'admin:correct horse',
    }
    for (const command of [
      'strongroom audit',
      'strongroom audit --json',
      'strongroom status',
      'strongroom env',
      'strongroom policy show',
      'strongroom backup create --to -',
      'strongroom backup create --to /dev/stdout',
      'cloudhsm-cli user list',
    ]) {
      assert.deepEqual(
        shell(`${command} > /dev/full`, [], env),
        { status: 1, stdout: '', stderr: FULL },
        command,
      )
      const closed = shell(`${command} | head -c 0; echo "\${PIPESTATUS[0]}"`, [], env)
      assert.match(closed.stdout, /^[01]\n$/, command)
      assert.doesNotMatch(closed.stderr, /^ +at /m, command)
    }
    const [file, link] = [join(home.root, 'piped'), join(home.root, 'link')]
    const piped = shell('strongroom backup create --to - > "$1"', [file], env)
    assert.deepEqual([piped.status, piped.stdout], [0, ''])
    assert.match(piped.stderr, /^Wrote a backup of /)
    assert.equal(shell('strongroom backup inspect "$1"', [file], env).status, 0)
    assert.equal(shell('ln -s target "$1" && strongroom backup create --to "$1"', [link], env).status, 0)
    assert.equal(statSync(join(home.root, 'target')).mode & 0o777, 0o600)
    assert.match(shell('strongroom backup create --to "$1"', [link], env).stderr, /exists already/)
    assert.match(
      shell('strongroom backup create --to /dev/full', [], env).stderr,
      /^strongroom: Cannot write \/dev\/full: the disk is full\n$/,
    )
    child.kill()
    await ended
  })
})
