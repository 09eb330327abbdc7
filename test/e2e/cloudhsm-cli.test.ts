/** The program itself: its streams and exit statuses where no HSM answers. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, constants, mkdtempSync, openSync, rmSync, writeFileSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { createAuthority } from '../../src/certificates/certificates.ts'
import { freePort } from '../support/free-port.ts'

const authority = await createAuthority('cluster-dead', Date.now())
const PROGRAM = join(import.meta.dirname, '../../bin/cloudhsm-cli')
const home = mkdtempSync(join(tmpdir(), 'strongroom-cli-'))
after(() => rmSync(home, { recursive: true }))

function run(words: readonly string[], input = '') {
  const env = {
    PATH: process.env['PATH'],
    HOME: home,
    CLOUDHSM_ROLE: 'admin',
    CLOUDHSM_PIN: 'admin:Secret123',
  }
  const { stdout, stderr, status } = spawnSync(PROGRAM, words, { env, input, encoding: 'utf8' })
  return { stdout, stderr, status }
}

/** The configuration of a cluster of which nothing is left: its port was free a moment ago. */
async function deadCluster(port?: number): Promise<string> {
  const servers = [{ hostname: '127.0.0.1', port: port ?? (await freePort()), enable: true }]
  const path = join(home, 'dead.cfg')
  writeFileSync(join(home, 'ca.crt'), authority.cert)
  writeFileSync(path, JSON.stringify({ clusters: [{ cluster: { hsm_ca_file: 'ca.crt', servers } }] }))
  return path
}

/** A program that hangs is killed. */
const BOUNDED = { timeout: 60_000, killSignal: 'SIGKILL' } as const

function pipeIn(directory: string): string {
  const pipe = join(mkdtempSync(join(directory, 'pipe-')), 'pipe')
  execFileSync('mkfifo', [pipe])
  return pipe
}

/** Resolves when somebody reads from the pipe. */
async function writerOf(pipe: string): Promise<number> {
  for (;;) {
    try {
      return openSync(pipe, constants.O_WRONLY | constants.O_NONBLOCK)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') throw error
      await delay(10)
    }
  }
}

suite('cloudhsm-cli', () => {
  test('help and version go to stdout', () => {
    const help = run(['key', 'unshare', '-h'])
    assert.deepEqual([help.status, help.stderr], [0, ''])
    assert.match(help.stdout, /^Unshare a key in the HSM cluster with another user\n/)
    assert.match(run(['--version']).stdout, /^cloudhsm-cli \d+\.\d+\.\d+\n$/)
  })

  test('wrong usage goes to stderr, with status 2', () => {
    for (const words of [[], ['key'], ['key', 'list', '--nonsense']]) {
      const { status, stdout, stderr } = run(words)
      assert.deepEqual([status, stdout], [2, ''])
      assert.match(stderr, /^Usage: /m)
    }
  })

  test('failures go to stdout as JSON, with status 1', async () => {
    const missing = run(['user', 'list'])
    assert.deepEqual([missing.status, missing.stderr], [1, ''])
    assert.match(JSON.parse(missing.stdout).data, /^There is no client configuration/)

    const dead = await deadCluster()
    for (const words of [
      ['--config', dead, 'user', 'list'],
      ['key', 'list', `--config=${dead}`],
    ]) {
      const { status, stdout, stderr } = run(words)
      assert.deepEqual([status, stderr], [1, ''])
      assert.match(
        JSON.parse(stdout).data,
        /^Cannot connect to the HSM at 127\.0\.0\.1:\d+: connection refused/,
      )
    }
  })

  test('a script on stdin gets replies only', async () => {
    const { status, stdout, stderr } = run(
      ['interactive', '--config', await deadCluster()],
      'help key list\nlogin --username admin --role admin\nhunter2 or so\nnonsense\nquit\nuser list\n',
    )
    assert.equal(status, 1)
    assert.match(stdout, /^List the keys .*"data": "Cannot connect to the HSM at [^"]*"\n\}\n$/s)
    assert.match(stderr, /^error: unrecognized subcommand 'nonsense'\n/)
    assert.doesNotMatch(stdout + stderr, /hunter2/)
  })

  test('bytes that are not UTF-8 are refused wherever they come from', async () => {
    const dead = await deadCluster()
    const shell = (line: string, input = '') => {
      const env = { PATH: process.env['PATH'], HOME: home, CLI: PROGRAM, CFG: dead }
      return spawnSync('/bin/bash', ['-c', line], { env, input, encoding: 'utf8' })
    }
    const bytes = `$'p\\xe4ssw0rd1'`
    const argument = shell(`"$CLI" user create --config "$CFG" --username a --role admin --password ${bytes}`)
    assert.match(
      argument.stderr,
      /^error: invalid UTF-8 was detected in the value of '--password <PASSWORD>'\n/,
    )
    assert.equal(argument.status, 2)
    const variable = shell(`CLOUDHSM_ROLE=admin CLOUDHSM_PIN=admin:${bytes} "$CLI" --config "$CFG" key list`)
    assert.equal(JSON.parse(variable.stdout).data, 'CLOUDHSM_PIN is not UTF-8 text')
    const config = shell(`CLOUDHSM_CLI_CONFIG=${bytes} "$CLI" user list`)
    assert.equal(JSON.parse(config.stdout).data, 'CLOUDHSM_CLI_CONFIG is not UTF-8 text')
    const piped = shell(
      `printf 'key list --filter attr.label=a\\xff\\n' | "$CLI" interactive --config "$CFG"`,
    )
    assert.match(piped.stderr, /^error: invalid UTF-8 was detected in the value of '--filter/)
    const configure = shell(`"\${CLI%cloudhsm-cli}configure-cli" --config "$CFG" --log-file ${bytes}`)
    assert.match(configure.stderr, /^error: invalid UTF-8 was detected in the value of '--log-file <FILE>'/)
    const start = shell(`"\${CLI%cloudhsm-cli}strongroom" status --home ${bytes}`)
    assert.equal(
      start.stderr.split('\n')[0],
      "error: invalid UTF-8 was detected in the value of '--home <DIR>'",
    )
  })

  test('Ctrl-C ends a command that waits for the HSM, with status 130', async () => {
    const silent = createServer().listen(0, '127.0.0.1')
    try {
      await once(silent, 'listening')
      const { port } = silent.address() as AddressInfo
      const config = await deadCluster(port)
      const child = spawn(PROGRAM, ['--config', config, 'user', 'list'], {
        env: { ...process.env, HOME: home },
      })
      const [[socket], text] = await Promise.all([
        once(silent, 'connection').then(([socket]) => {
          child.kill('SIGINT')
          return [socket as Socket]
        }),
        child.stdout.setEncoding('utf8').toArray(),
      ])
      socket?.destroy()
      if (child.exitCode === null) await once(child, 'exit')
      assert.equal(child.exitCode, 130)
      assert.equal(JSON.parse(text.join('')).data, 'Interrupted')
    } finally {
      silent.close()
    }
  })

  for (const words of [['user', 'list'], ['interactive']]) {
    test(`Ctrl-C ends ${words.join(' ')} that waits for its configuration`, async (t) => {
      const pipe = pipeIn(home)
      const env = { ...process.env, HOME: home }
      const child = spawn(PROGRAM, ['--config', pipe, ...words], { env, ...BOUNDED })
      const ended = once(child, 'exit')
      const writer = await writerOf(pipe)
      t.after(() => closeSync(writer))
      child.kill('SIGINT')
      assert.deepEqual(await ended, [null, 'SIGINT'])
    })
  }

  test('programs that read a configuration again, or change it, refuse a pipe', () => {
    const pipe = pipeIn(home)
    for (const [program, ...words] of [
      ['configure-cli', '--log-level', 'info'],
      ['strongroom', 'pkcs11', '--socket', join(home, 'socket')],
    ] as const) {
      const { status, stderr } = spawnSync(join(PROGRAM, '..', program), [...words, '--config', pipe], {
        env: { PATH: process.env['PATH'], HOME: home },
        encoding: 'utf8',
        ...BOUNDED,
      })
      assert.equal(status, 1, stderr)
      assert.match(stderr, /: Cannot read the configuration .*: it is not a regular file\n$/)
    }
  })

  test('a password cannot be asked for without a terminal', async () => {
    const { stdout } = run(['cluster', 'activate', '--config', await deadCluster()])
    assert.match(stdout, /A password is needed: give --password, or run on a terminal/)
  })
})
