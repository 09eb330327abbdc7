/** The tokens that are compared, each with a user who is logged in with a PIN and has the keys of the benchmark. */
import { execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { clientOf, temporaryHome } from '../../test/support/homes.ts'
import { createWorld, PASSWORD } from '../../test/support/world.ts'
import { start, stop } from '../world.ts'

const LIBRARIES = '/usr/lib/x86_64-linux-gnu'
const SOFTHSM = '/usr/lib/softhsm/libsofthsm2.so'
const P11_KIT_CLIENT = `${LIBRARIES}/pkcs11/p11-kit-client.so`
const SOFTHSM_PIN = '1234567890'

export type Token = {
  readonly name: string
  readonly module: string
  readonly pin: string
  readonly env: Readonly<Record<string, string>>
}

export type Contenders = {
  readonly softhsm: Token
  /** SoftHSM behind `p11-kit server`: as far away from the program as Strongroom is. */
  readonly isolated: Token
  readonly strongroom: Token
  close(): Promise<void>
}

export async function contenders(): Promise<Contenders> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-bench-'))
  const softhsm = softHsm(directory)
  const { token: isolated, end } = await behindP11Kit(directory, softhsm)
  const { token: strongroom, close } = await ours()
  return {
    softhsm,
    isolated,
    strongroom,
    async close() {
      end()
      await close()
      rmSync(directory, { recursive: true, force: true })
    },
  }
}

function softHsm(directory: string): Token {
  const config = join(directory, 'softhsm2.conf')
  writeFileSync(config, `directories.tokendir = ${directory}\nlog.level = ERROR\n`)
  const env = { SOFTHSM2_CONF: config }
  const pins = ['--pin', SOFTHSM_PIN, '--so-pin', SOFTHSM_PIN]
  execFileSync('softhsm2-util', ['--init-token', '--free', '--label', 'bench', ...pins], {
    stdio: 'ignore',
    env: { ...process.env, ...env },
  })
  return { name: 'SoftHSM2 in process', module: SOFTHSM, pin: SOFTHSM_PIN, env }
}

async function behindP11Kit(directory: string, softhsm: Token) {
  const socket = join(directory, 'p11-kit.sock')
  const words = ['server', '--foreground', '--name', socket, '--provider', SOFTHSM, 'pkcs11:']
  const server = spawn('p11-kit', words, {
    stdio: ['ignore', 'pipe', 'ignore'],
    env: { ...process.env, ...softhsm.env },
  })
  // It says where it listens when it does.
  await once(server.stdout, 'data')
  const env = { P11_KIT_SERVER_ADDRESS: `unix:path=${socket}` }
  const token = { name: 'SoftHSM2 behind p11-kit server', module: P11_KIT_CLIENT, pin: SOFTHSM_PIN, env }
  return { token, end: () => void server.kill() }
}

async function ours() {
  const { home, remove } = temporaryHome()
  start(home)
  const hsm = clientOf(home)
  await createWorld(hsm)
  hsm.close()
  const env = { P11_KIT_SERVER_ADDRESS: `unix:path=${home.pkcs11}` }
  return {
    token: { name: 'Strongroom', module: P11_KIT_CLIENT, pin: `alice:${PASSWORD}`, env },
    async close() {
      stop(home)
      remove()
    },
  }
}
