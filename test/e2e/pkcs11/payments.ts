/** A company: alice owns the payment keys, bob's programs use them through PKCS#11, and an HSM of their own serves both. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before } from 'node:test'
import { type Home, homeAt } from '../../../src/home/home.ts'
import { type Owner, type Running, start, succeeds } from './commands.ts'

const BIN = join(import.meta.dirname, '..', '..', '..', 'bin')
const STRONGROOM = join(BIN, 'strongroom')

/** Of every person. */
const PASSWORD = 'correct horse'
export const pin = (person: string): string => `${person}:${PASSWORD}`

/** The id of a key with that label, in hex; some programs know keys by their id alone. */
export const idOf = (label: string): string => Buffer.from(label).toString('hex')

export type Payments = {
  readonly home: () => Home
  /** Points a PKCS#11 program at the HSM, as `strongroom env` says. */
  readonly env: () => NodeJS.ProcessEnv
  /** Path of the PKCS#11 module. */
  readonly module: () => string
  readonly hsm: Hsm
  /** What `cloudhsm-cli` says in `data`. */
  cli(person: string, ...words: readonly string[]): Promise<unknown>
  createUser(username: string): Promise<void>
  /** Alice's, for signing, under this label both. */
  generateRsa(label: string): Promise<void>
  generateEc(label: string): Promise<void>
  /** Alice's, 32 bytes long. */
  generateSecret(
    kind: 'aes' | 'generic-secret',
    label: string,
    ...attributes: readonly string[]
  ): Promise<void>
  /** What `cloudhsm-cli key list --verbose` says of the keys with a label, by class. */
  keys(person: string, label: string): Promise<Readonly<Record<string, KeyAttributes>>>
  /** From alice to bob: the keys with that label. */
  share(label: string): Promise<void>
  unshare(label: string): Promise<void>
}
export type KeyAttributes = Readonly<Record<string, string | number | boolean>>

export type Hsm = {
  /** In the foreground; resolves when it serves. */
  start(): Promise<void>
  /** As an operator does it. */
  stop(): Promise<void>
  /** With a signal that it cannot answer. */
  kill(): Promise<void>
  /** Of the process that runs, or ran last. */
  log(): string
}

/** For the tests of the suite in which it is called. */
export function payments(...options: readonly string[]): Payments {
  const cleanups: (() => void)[] = []
  const owner: Owner = { after: (cleanup) => cleanups.push(cleanup) }
  let home: Home
  let env: NodeJS.ProcessEnv
  const hsm = hsmOn(owner, () => home, options)

  async function cli(person: string, ...words: readonly string[]): Promise<unknown> {
    const command = [join(BIN, 'cloudhsm-cli'), '--config', home.clientConfig, ...words]
    const role = person === 'admin' ? 'admin' : 'crypto-user'
    const said = await succeeds(owner, command, { env: { CLOUDHSM_ROLE: role, CLOUDHSM_PIN: pin(person) } })
    return JSON.parse(said).data
  }

  async function createUser(username: string): Promise<void> {
    const person = ['--username', username, '--role', 'crypto-user', '--password', PASSWORD]
    await cli('admin', 'user', 'create', ...person)
  }

  /** Sharing is a matter of the private or secret key; everybody sees the public one. */
  async function change(command: 'share' | 'unshare', label: string): Promise<void> {
    for (const keyClass of ['private-key', 'secret-key']) {
      const filter = ['--filter', `attr.label=${label}`, `attr.class=${keyClass}`]
      const found = (await cli('alice', 'key', 'list', ...filter)) as { total_key_count: number }
      if (found.total_key_count === 0) continue
      await cli('alice', 'key', command, ...filter, '--username', 'bob', '--role', 'crypto-user')
    }
  }

  before(async () => {
    const root = mkdtempSync(join(tmpdir(), 'strongroom-p11-'))
    owner.after(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }))
    home = homeAt(root)
    await hsm.start()
    env = shellLines(await succeeds(owner, [STRONGROOM, 'env', '--home', root]))
    await cli('admin', 'cluster', 'activate', '--password', PASSWORD)
    for (const username of ['alice', 'bob']) await createUser(username)
  })
  after(async () => {
    await hsm.kill()
    for (const cleanup of cleanups.toReversed()) cleanup()
  })

  async function generatePair(label: string, ...kind: readonly string[]): Promise<void> {
    const labels = ['--public-label', label, '--private-label', label]
    const id = `id=0x${idOf(label)}`
    const attributes = ['--private-attributes', 'sign=true', id, '--public-attributes', 'verify=true', id]
    await cli('alice', 'key', 'generate-asymmetric-pair', ...kind, ...labels, ...attributes)
  }

  return {
    home: () => home,
    env: () => env,
    module: () => env['STRONGROOM_PKCS11_MODULE'] ?? '',
    hsm,
    cli,
    createUser,
    generateRsa: (label) =>
      generatePair(label, 'rsa', '--modulus-size-bits', '2048', '--public-exponent', '65537'),
    generateEc: (label) => generatePair(label, 'ec', '--curve', 'secp256r1'),
    async generateSecret(kind, label, ...attributes) {
      const words = ['--label', label, '--key-length-bytes', '32', '--attributes', ...attributes]
      await cli('alice', 'key', 'generate-symmetric', kind, ...words)
    },
    async keys(person, label) {
      const listed = await cli(person, 'key', 'list', '--verbose', '--filter', `attr.label=${label}`)
      const { matched_keys: keys } = listed as { matched_keys: readonly { attributes: KeyAttributes }[] }
      return Object.fromEntries(keys.map(({ attributes }) => [attributes['class'], attributes]))
    },
    share: (label) => change('share', label),
    unshare: (label) => change('unshare', label),
  }
}

/** The HSM outlives every other process of a test. */
const ONE_TEST_FILE_MS = 600_000

function hsmOn(owner: Owner, home: () => Home, options: readonly string[]): Hsm {
  let running: Running | undefined
  return {
    async start() {
      const { root } = home()
      const words = [STRONGROOM, 'start', '--home', root, '--listen', '127.0.0.1:0', ...options]
      // p11-kit's own place for sockets belongs to the user of this machine, not to a test.
      running = start(owner, { XDG_RUNTIME_DIR: root }, words, ONE_TEST_FILE_MS)
      await running.says('"msg":"serving"')
    },
    async stop() {
      await succeeds(owner, [STRONGROOM, 'stop', '--home', home().root])
      await running?.ended
    },
    async kill() {
      running?.child.kill('SIGKILL')
      await running?.ended
    },
    log: () => running?.written() ?? '',
  }
}

/** Lines such as `export NAME='value'`; the values of tests have no quotes in them. */
function shellLines(text: string): NodeJS.ProcessEnv {
  const lines = [...text.matchAll(/^export (\w+)='([^']*)'$/gm)]
  return Object.fromEntries(lines.map(([, name = '', value = '']) => [name, value]))
}

/** Those attributes have those values. */
export function shows(
  actual: Readonly<Record<string, unknown>> | undefined,
  expected: Readonly<Record<string, unknown>>,
): void {
  assert.deepEqual(Object.fromEntries(Object.keys(expected).map((name) => [name, actual?.[name]])), expected)
}
