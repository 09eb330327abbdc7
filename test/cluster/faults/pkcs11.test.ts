/** A PKCS#11 program on a machine without an HSM, while the HSMs of its cluster fail one after another. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { bytes, connectP11, mechanism, room, template, ulong } from '../../support/p11-client.ts'
import { A, C, CLASS, M, programOf } from '../../unit/pkcs11/fixture.ts'
import { type NodeCluster, startNodes } from './nodes.ts'
import { createPerson, settle } from './people.ts'
import { LIMIT } from './under-load.ts'

const STRONGROOM = join(import.meta.dirname, '..', '..', '..', 'bin', 'strongroom')
const KEY_HANDLE_INVALID = 0x60

/** `strongroom pkcs11` with a configuration that names all HSMs. @returns path of its socket */
async function agent(t: TestContext, { nodes }: NodeCluster): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-agent-'))
  const config = JSON.parse(readFileSync(nodes[0].home.clientConfig, 'utf8'))
  config.clusters[0].cluster.servers = nodes.map(({ address }) => ({
    hostname: address.host,
    port: address.port,
    enable: true,
  }))
  const path = join(directory, 'cloudhsm-cli.cfg')
  writeFileSync(path, JSON.stringify(config))
  const socket = join(directory, 'pkcs11.sock')
  const child = spawn(STRONGROOM, ['pkcs11', '--config', path, '--socket', socket], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  t.after(() => {
    child.kill('SIGKILL')
    rmSync(directory, { recursive: true, force: true })
  })
  let written = ''
  while (!written.includes('serving PKCS#11')) {
    const [text] = await once(child.stdout, 'data')
    written += text
  }
  return socket
}

test(
  'a failover costs a PKCS#11 program at most one failed call, and gives back no right',
  LIMIT,
  async (t) => {
    const cluster = await startNodes()
    t.after(cluster.stop)
    await settle(cluster)
    const servers = cluster.nodes.map(({ address }) => address)
    /** At a terminal of her own each time. */
    const alice = () => {
      const person = createPerson('alice', servers, cluster.ca())
      t.after(person.close)
      return person
    }
    const labels = { 'public-label': 'pay', 'private-label': 'pay' }
    const pair = { 'key-type': 'ec', curve: 'secp256r1', ...labels } as const
    const asked = { ...pair, 'private-attributes': { sign: true }, 'share-crypto-users': ['bob'] }
    await alice().call('key.generate-pair', asked)

    const program = programOf(await connectP11(await agent(t, cluster)))
    t.after(() => program.stream.destroy())
    const session = ulong(await program.login('bob'))
    const [key = 0] = await program.find(
      await program.open(),
      template([A.CLASS, CLASS.PRIVATE], [A.LABEL, 'pay']),
    )
    const init = () => program.refusal(C.SignInit, session, mechanism(M.ECDSA), ulong(key))
    /** How many of its calls fail until there is a signature. */
    async function failures(): Promise<number> {
      if ((await init()) !== 0) return 1 + (await failures())
      const signed = await program.refusal(C.Sign, session, bytes(Buffer.alloc(32)), room(64))
      return signed === 0 ? 0 : 1 + (await failures())
    }

    assert.equal(await failures(), 0)
    for (const victim of cluster.nodes) {
      await victim.kill()
      assert.ok((await failures()) <= 1)
      await victim.start()
    }
    const filter = ['attr.label=pay', 'attr.class=private-key']
    await alice().call('key.unshare', { filter, usernames: ['bob'], role: 'crypto-user' })
    assert.equal(await init(), KEY_HANDLE_INVALID)
  },
)
