/**
 * No process keeps a password once it is proven: what its heap can still reach has none in it. What the garbage collector has not
 * overwritten yet is not looked at: see docs/THREAT-MODEL.md.
 */
import assert from 'node:assert/strict'
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bytes, connectP11, room, ulong } from '../support/p11-client.ts'
import { untilElsewhere } from '../support/until.ts'
import { C, programOf } from '../unit/pkcs11/fixture.ts'
import { interactiveShell } from './interactive.ts'
import { PROGRAM } from './login-agent.ts'
import { untilIdle } from './pkcs11/idle.ts'
import { ANY_PORT, activate, client, launch, logLine, temporaryHome } from './strongroom.ts'

/** Found nowhere by chance. */
const PASSWORD = 'Zq7mKw9xPvDistinct'
const USER = 'holder_of_secrets'

const linuxOnly = process.platform === 'linux' ? false : 'processes are found in /proc'

/** A directory in which processes put snapshots of their heaps when they are asked to. */
function snapshots(t: TestContext) {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-heap-'))
  t.after(() => rmSync(directory, { recursive: true, force: true }))
  return {
    env: { NODE_OPTIONS: `--heapsnapshot-signal=SIGUSR2 --diagnostic-dir=${directory}` },
    /** Every string that the heap of a process can reach, after its garbage was collected. */
    async of(pid: number): Promise<readonly string[]> {
      process.kill(pid, 'SIGUSR2')
      let text = ''
      await untilElsewhere(`process ${pid} has written a snapshot`, () => {
        process.kill(pid, 0) // throws when it is gone
        const file = readdirSync(directory).find((name) => name.includes(`.${pid}.`))
        text = file === undefined ? '' : readFileSync(join(directory, file), 'utf8')
        return text.trimEnd().endsWith('}')
      })
      return JSON.parse(text).strings
    },
  }
}

const has = (strings: readonly string[], text: string) => strings.some((string) => string.includes(text))

function keeperOf(root: string): number {
  const found = readdirSync('/proc').find((pid) => {
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0')
      return words.includes('pkcs11-keep') && words.includes(root)
    } catch {
      return false
    }
  })
  return Number(found)
}

/** `cloudhsm-cli agent serve`, and commands that use it. */
async function loginAgent(t: TestContext, env: NodeJS.ProcessEnv) {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-agent-'))
  const socket = join(directory, 'socket')
  const child = spawn(PROGRAM, ['agent', 'serve', '--socket', socket], { env: { ...process.env, ...env } })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  await untilElsewhere('the agent listens', () => existsSync(socket))
  const cli = (words: readonly string[], more: NodeJS.ProcessEnv): string =>
    spawnSync(PROGRAM, words, {
      env: { ...process.env, STRONGROOM_AGENT_SOCK: socket, ...more },
      encoding: 'utf8',
    }).stdout
  return { pid: child.pid ?? assert.fail(), cli }
}

test('no process holds the password of a login', { skip: linuxOnly }, async (t) => {
  const heap = snapshots(t)
  const home = temporaryHome(t)
  const serving = launch(['start', '--home', home.root, ...ANY_PORT, '--metrics', '127.0.0.1:0'], heap.env)
  await logLine(serving, 'serving')
  const hsm = client(t, home)
  const admin = await activate(hsm)
  await hsm.call('user.create', { username: USER, role: 'crypto-user', password: PASSWORD }, admin)

  const program = programOf(await connectP11(home.pkcs11))
  t.after(() => program.stream.destroy())
  const session = ulong(await program.open())
  await program.call(C.Login, session, ulong(1), bytes(`${USER}:${PASSWORD}`))

  const shell = interactiveShell(t, home.clientConfig, heap.env)
  await shell.type(`login --username ${USER} --role crypto-user --password ${PASSWORD}`, new RegExp(USER))
  // What was typed last is in the buffer of the input until something else is.
  for (let line = 0; line < 3; line++) await shell.type('key list', /matched_keys/)
  await untilIdle(serving.printed())

  const agent = await loginAgent(t, heap.env)
  const list = () => agent.cli(['key', 'list'], { CLOUDHSM_CLI_CONFIG: home.clientConfig })
  const who = { CLOUDHSM_ROLE: 'crypto-user', CLOUDHSM_PIN: `${USER}:${PASSWORD}` }
  agent.cli(['key', 'list'], { ...who, CLOUDHSM_CLI_CONFIG: home.clientConfig })
  for (let line = 0; line < 3; line++) assert.match(list(), /matched_keys/)

  const hsmPid = serving.child.pid ?? assert.fail()
  for (const [name, pid] of Object.entries({
    HSM: hsmPid,
    keeper: keeperOf(home.root),
    shell: shell.pid,
    agent: agent.pid,
  })) {
    const strings = await heap.of(pid)
    assert.ok(has(strings, USER), `the heap of the ${name} shows who is logged in`)
    assert.equal(has(strings, PASSWORD), false, `the heap of the ${name} has the password`)
  }
  assert.equal((await program.call(C.GenerateRandom, session, room(8))).bytes?.length, 8)
  await shell.type('key list', /matched_keys/)

  program.stream.destroy()
  await shell.end()
  serving.child.kill()
  assert.equal((await serving.ended).exit, 0)
})
