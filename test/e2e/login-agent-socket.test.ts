/** The socket of `cloudhsm-cli agent`: who may use it, what is taken from it, and what becomes of commands without it. */
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { text as readText } from 'node:stream/consumers'
import { after, suite, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { SILENT_MS } from '../../src/cli/agent/connections.ts'
import { encodeMessage } from '../../src/cli/agent/messages.ts'
import { agentUser, PROGRAM } from './login-agent.ts'

/** Nothing here asks an HSM. */
const LIST = ['user', 'list']
const CONFIGURE = join(dirname(PROGRAM), 'configure-cli')
const PASSWORD = 'correct horse'

suite('the socket of cloudhsm-cli agent', () => {
  const root = mkdtempSync(join(tmpdir(), 'strongroom-agent-test-'))
  const { cli, start, status, holds, stopAll, sockets } = agentUser(root, join(root, 'none.cfg'))
  after(() => {
    stopAll()
    rmSync(root, { recursive: true })
  })

  test('an agent that is gone is done without, with a word about it', () => {
    const agent = start()
    const { pid } = status(agent)
    process.kill(pid, 'SIGKILL')
    const { status: exit, stdout, stderr } = cli(LIST, agent)
    assert.deepEqual([exit, stdout], [1, cli(LIST).stdout])
    assert.equal(
      stderr,
      'warning: going on without the agent that STRONGROOM_AGENT_SOCK names: it is not running\n',
    )
    assert.match(cli(['agent', 'status'], agent).stdout, /cannot be used: it is not running/)
    assert.match(cli(['agent', 'status']).stdout, /There is no agent; start one with/)
    const stopped = cli(['agent', 'stop'], agent)
    assert.deepEqual([stopped.status, stopped.stdout], [1, ''])
    assert.match(stopped.stderr, /cannot be used: it is not running/)
    assert.ok(existsSync(agent.STRONGROOM_AGENT_SOCK), 'nobody was left to remove it')
    assert.deepEqual(holds(start([], agent)), [])
    rmSync(dirname(agent.STRONGROOM_AGENT_SOCK), { recursive: true })
  })

  for (const count of [256, 1_000]) {
    test(`${count} connections that are silent after a question give way to a command`, async (t) => {
      const agent = start()
      const silent: Socket[] = []
      t.after(() => {
        for (const socket of silent) socket.destroy()
      })
      for (let n = 0; n < count; n += 1) {
        const socket = connect(agent.STRONGROOM_AGENT_SOCK)
        const { promise: answeredOrRefused, resolve } = Promise.withResolvers<void>()
        socket.on('error', () => undefined).on('data', () => resolve())
        socket.on('close', () => resolve())
        socket.write(encodeMessage({ control: 'status' }))
        silent.push(socket)
        await answeredOrRefused
      }
      const open = () => silent.filter(({ destroyed }) => !destroyed).length
      assert.ok(open() <= 256, `${open()} are open`)
      await delay(2 * SILENT_MS)
      assert.deepEqual(holds(agent), [])
      assert.equal(cli(LIST, agent).stderr, cli(LIST).stderr)
      assert.ok(open() > 0, 'not all of them had to go')
    })
  }

  test('a socket that others could have made gets no password', async (t) => {
    const directory = mkdtempSync(join(root, 'foreign-'))
    const path = join(directory, 'socket')
    const asked: Socket[] = []
    const server = createServer((socket) => void asked.push(socket)).listen(path)
    t.after(() => server.close())
    await once(server, 'listening')
    for (const [file, mode] of [
      [path, 0o660],
      [directory, 0o755],
    ] as const) {
      chmodSync(path, 0o600)
      chmodSync(directory, 0o700)
      chmodSync(file, mode)
      const { stderr } = cli(LIST, { STRONGROOM_AGENT_SOCK: path })
      assert.match(stderr, /its socket is not this user’s alone/)
    }
    assert.equal(asked.length, 0)
  })

  test('a command for which the agent has no place goes on without it', async (t) => {
    const path = join(mkdtempSync(join(root, 'full-')), 'socket')
    const server = createServer((socket) => void socket.destroy()).listen(path)
    t.after(() => server.close())
    await once(server, 'listening')
    chmodSync(path, 0o600)
    const env = { PATH: process.env['PATH'], HOME: root, STRONGROOM_AGENT_SOCK: path }
    const command = spawn(PROGRAM, LIST, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    const [stdout, stderr] = await Promise.all([readText(command.stdout), readText(command.stderr)])
    assert.match(stderr, /^warning: going on without the agent .*: it does not answer\n$/)
    assert.match(stdout, /configuration/)
  })

  test('a configuration that only the command can read is not looked for by the agent', () => {
    const agent = start()
    const config = join(root, 'piped.cfg')
    writeFileSync(config, '{}')
    execFileSync('mkfifo', [join(root, 'fifo')])
    for (const [path, writing] of [
      ['/dev/stdin', ''],
      ['fifo', `cat ${config} > fifo &`],
    ]) {
      const script = `${writing} cat ${config} | "$0" --config ${path} user list`
      const run = (env: object) =>
        spawnSync('sh', ['-c', script, PROGRAM], {
          env: { PATH: process.env['PATH'], HOME: root, ...env },
          cwd: root,
          encoding: 'utf8',
        })
      const { stdout, stderr } = run(agent)
      assert.equal(stdout, run({}).stdout)
      assert.match(stderr, /without the agent .*: the client configuration is not a regular file\n/)
    }
    assert.equal(cli(['agent', 'status'], agent).status, 0)
  })

  test('a file of certificates that is a pipe, a device or far too large holds up neither command nor agent', () => {
    const agent = start()
    const clusters = [{ cluster: { servers: [{ hostname: '127.0.0.1' }], hsm_ca_file: 'ca.crt' } }]
    const ca = join(root, 'ca.crt')
    const config = join(root, 'trust.cfg')
    writeFileSync(config, JSON.stringify({ clusters }))
    for (const [make, problem] of [
      [() => execFileSync('mkfifo', [ca]), 'it is not a regular file'],
      [() => symlinkSync('/dev/zero', ca), 'it is not a regular file'],
      [() => writeFileSync(ca, Buffer.alloc(1024 * 1024 + 1)), 'it is too large'],
    ] as const) {
      make()
      for (const env of [{}, agent]) {
        const { stdout } = cli(LIST, { ...env, CLOUDHSM_CLI_CONFIG: config })
        const message = `Could not read configuration-referenced file hsm_ca_file at location ${ca}: ${problem}`
        assert.equal(JSON.parse(stdout).data, message)
      }
      assert.equal(cli(['agent', 'status'], agent).status, 0)
      const configure = spawnSync(CONFIGURE, ['--config', config, '--hsm-ca-cert', ca], { encoding: 'utf8' })
      assert.equal(configure.stderr, `Error: Cannot read the file of --hsm-ca-cert, ${ca}: ${problem}\n`)
      rmSync(ca)
    }
  })

  test('a directory in which there can be no socket is refused by name', () => {
    const long = join(root, 'x'.repeat(100))
    mkdirSync(long)
    const { status: exit, stderr } = cli(['agent', 'start'], { XDG_RUNTIME_DIR: long })
    assert.equal(exit, 1)
    assert.match(stderr, /The path of the agent’s socket must be at most 107 bytes: .*x{100}/)
    assert.deepEqual(readdirSync(long), [])
  })

  test('its socket, its arguments and its environment are closed', () => {
    const agent = start([], { CLOUDHSM_ROLE: 'crypto-user', CLOUDHSM_PIN: `alice:${PASSWORD}` })
    const { pid } = status(agent)
    const modeOf = (path: string) => statSync(path).mode & 0o777
    assert.deepEqual(
      [agent.STRONGROOM_AGENT_SOCK, dirname(agent.STRONGROOM_AGENT_SOCK)].map(modeOf),
      [0o600, 0o700],
    )
    for (const file of ['environ', 'cmdline']) {
      assert.doesNotMatch(readFileSync(`/proc/${pid}/${file}`, 'utf8'), new RegExp(PASSWORD))
    }
  })

  test('what is no question ends the connection, and nothing else', async () => {
    const agent = start()
    const say = async (bytes: Buffer): Promise<string> => {
      const socket = connect(agent.STRONGROOM_AGENT_SOCK)
      const got: Buffer[] = []
      socket.on('data', (piece: Buffer) => void got.push(piece)).on('error', () => undefined)
      socket.end(bytes)
      await once(socket, 'close')
      return Buffer.concat(got).subarray(4).toString()
    }
    const opening = { version: '0.0.0', workingDirectory: '/', homeDirectory: root, env: {} }
    for (const bytes of [
      Buffer.alloc(9, 255),
      Buffer.from([0, 0, 0, 1, 65]),
      encodeMessage({ open: {} }),
      encodeMessage({ call: 'x' }),
    ]) {
      assert.equal(await say(bytes), '')
    }
    assert.match(await say(encodeMessage({ call: 'user.list', request: {} })), /was not told which cluster/)
    assert.match(await say(encodeMessage({ open: opening })), /"useless":"it is of version /)
    assert.deepEqual(holds(agent), [])
  })

  test('each shell gets lines of its own, and errors are not for a shell to carry out', () => {
    const { stdout } = cli(['agent', 'start', '--shell', 'csh'])
    const [, socket = ''] = /^setenv STRONGROOM_AGENT_SOCK '(.+)';\n$/.exec(stdout) ?? []
    sockets.push(socket)
    assert.ok(existsSync(socket))
    for (const words of [['start', '--lifetime', '0'], ['start', '--idle', '86401'], ['stop']]) {
      const failed = cli(['agent', ...words])
      assert.deepEqual([failed.status, failed.stdout], [1, ''])
      assert.match(failed.stderr, /"error_code": 1/)
    }
  })
})
