/**
 * No process keeps a password once it is proven: what its heap can still reach has none in it. What the garbage collector has not
 * overwritten yet is not looked at: see docs/THREAT-MODEL.md.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { bytes, connectP11, room, ulong } from '../support/p11-client.ts'
import { C, programOf } from '../unit/pkcs11/fixture.ts'
import { ANY_PORT, activate, client, launch, logLine, temporaryHome } from './strongroom.ts'

const CLI = join(import.meta.dirname, '..', '..', 'src', 'main', 'cloudhsm-cli.ts')
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
      for (;;) {
        await delay(100)
        const file = readdirSync(directory).find((name) => name.includes(`.${pid}.`))
        const text = file === undefined ? '' : readFileSync(join(directory, file), 'utf8')
        if (text.trimEnd().endsWith('}')) return JSON.parse(text).strings
      }
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

test('no process holds the password of a login', { skip: linuxOnly }, async (t) => {
  const heap = snapshots(t)
  const home = temporaryHome(t)
  const serving = launch(['start', '--home', home.root, ...ANY_PORT], heap.env)
  await logLine(serving, 'serving')
  const hsm = client(t, home)
  const admin = await activate(hsm)
  await hsm.call('user.create', { username: USER, role: 'crypto-user', password: PASSWORD }, admin)

  const program = programOf(await connectP11(home.pkcs11))
  t.after(() => program.stream.destroy())
  const session = ulong(await program.open())
  await program.call(C.Login, session, ulong(1), bytes(`${USER}:${PASSWORD}`))

  const shell = spawn(process.execPath, [CLI, 'interactive', '--config', home.clientConfig], {
    env: { ...process.env, ...heap.env },
  })
  t.after(() => shell.kill('SIGKILL'))
  let shown = ''
  shell.stdout.setEncoding('utf8').on('data', (text: string) => {
    shown += text
  })
  const types = async (line: string, answer: string) => {
    shown = ''
    shell.stdin.write(`${line}\n`)
    while (!shown.includes(answer)) await once(shell.stdout, 'data')
  }
  await types(`login --username ${USER} --role crypto-user --password ${PASSWORD}`, USER)
  // What was typed last is in the buffer of the input until something else is.
  for (let line = 0; line < 3; line++) await types('key list', 'matched_keys')
  // The keeper is told of the program when that has been quiet for a second.
  await delay(2000)

  const hsmPid = serving.child.pid ?? assert.fail()
  for (const [name, pid] of Object.entries({
    HSM: hsmPid,
    keeper: keeperOf(home.root),
    shell: shell.pid ?? 0,
  })) {
    const strings = await heap.of(pid)
    assert.ok(has(strings, USER), `the heap of the ${name} shows who is logged in`)
    assert.equal(has(strings, PASSWORD), false, `the heap of the ${name} has the password`)
  }
  assert.equal((await program.call(C.GenerateRandom, session, room(8))).bytes?.length, 8)
  await types('key list', 'matched_keys')

  shell.stdin.end()
  program.stream.destroy()
  await once(shell, 'close')
  serving.child.kill()
  assert.equal((await serving.ended).exit, 0)
})
