import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, suite, test } from 'node:test'
import type { PeerProcess } from '../../../src/pkcs11/serve.ts'
import { peerProcess } from '../../../src/pkcs11-socket/peer-process.ts'
import { openSockets } from '../../../src/pkcs11-socket/sockets.ts'

suite('sockets for PKCS#11', () => {
  let directory: string
  before(() => {
    directory = mkdtempSync(join(tmpdir(), 'strongroom-sockets-'))
    writeFileSync(join(directory, 'file'), '')
  })
  after(() => rmSync(directory, { recursive: true }))

  const open = (path: string, convenient?: string) => {
    const told: unknown[] = []
    const log = (_level: string, fields: { problem?: unknown }) => void told.push(fields.problem)
    const sockets = openSockets({ path: join(directory, path), convenient, log }, () => undefined)
    return { sockets, told }
  }

  test('owner and group may connect, in a directory of the owner', async () => {
    const { sockets } = open('made/pkcs11.sock')
    const { close } = await sockets
    assert.equal(statSync(join(directory, 'made/pkcs11.sock')).mode & 0o777, 0o660)
    assert.equal(statSync(join(directory, 'made')).mode & 0o777, 0o700)
    close()
  })

  test('it is known which process connects, and whose it is', {
    skip: process.platform !== 'linux',
  }, async () => {
    const { promise, resolve } = Promise.withResolvers<PeerProcess | undefined>()
    const path = join(directory, 'whose.sock')
    const sockets = await openSockets({ path, convenient: undefined, log: () => undefined }, (socket) => {
      resolve(peerProcess(socket))
      socket.destroy()
      assert.equal(peerProcess(socket), undefined)
    })
    connect(path).resume()
    assert.deepEqual(await promise, { pid: process.pid, uid: process.getuid?.() })
    sockets.close()
  })

  test('all connections read into the same memory, which is wiped after each, and end by themselves', async () => {
    const path = join(directory, 'memory.sock')
    const said: [text: string, chunk: Buffer][] = []
    const ended: string[] = []
    const sockets = await openSockets({ path, convenient: undefined, log: () => undefined }, (socket) => {
      socket.on('data', (chunk: Buffer) => void said.push([chunk.toString(), chunk]))
      socket.on('close', () => ended.push('closed'))
      socket.write('hello')
    })
    for (const text of ['one', 'other']) {
      const client = connect(path)
      assert.equal(String((await once(client, 'data'))[0]), 'hello')
      client.end(text)
      await once(client, 'close')
    }
    const [one, other] = said
    assert.deepEqual([one?.[0], other?.[0], ended.length], ['one', 'other', 2])
    assert.equal(one?.[1].buffer, other?.[1].buffer)
    assert.deepEqual(other?.[1], Buffer.alloc('other'.length))
    sockets.close()
  })

  test('the place that p11-kit looks at is done without when it cannot be had', async () => {
    const nowhere = join(directory, 'file/p11-kit/pkcs11')
    const { sockets, told } = open('first.sock', nowhere)
    const { close } = await sockets
    assert.deepEqual(told, [`Cannot listen on ${nowhere}: a part of the path is not a directory`])
    close()
  })

  test('the place that was asked for is not, and neither file nor living socket is taken away', async () => {
    await assert.rejects(open('file/pkcs11.sock').sockets, { code: 'invalid-request' })
    await assert.rejects(open('file').sockets, /something else is there/)
    const { close } = await open('taken.sock').sockets
    await assert.rejects(open('taken.sock').sockets, { code: 'unavailable' })
    close()
  })
})
