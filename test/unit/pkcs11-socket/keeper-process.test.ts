/** The channel to the keeper: whatever becomes of the process or of a handle on its way, who waits for it gets on. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { test } from 'node:test'
import { createKeeperProcess } from '../../../src/pkcs11-socket/keeper-process.ts'

const LISTENS = 'process.on("message", () => undefined); process.send("ready")'

/** A process with a channel that takes in what comes. */
const startListener = () =>
  spawn(process.execPath, ['--eval', LISTENS], { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })

/** The handle of a connection that is open. */
async function openHandle(t: { after(what: () => void): void }): Promise<unknown> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { port: number }
  const accepted = once(server, 'connection') as Promise<[Socket]>
  const client = connect(port, '127.0.0.1')
  const [socket] = await accepted
  t.after(() => {
    client.destroy()
    socket.destroy()
    server.close()
  })
  return (socket as unknown as { _handle: unknown })._handle
}

test('a keeper that takes in nothing any more is ended, who waits for it gets on, and another is begun', async (t) => {
  const handle = await openHandle(t)
  const ended = Promise.withResolvers<void>()
  const started: ChildProcess[] = []
  const lines: string[] = []
  const keeper = createKeeperProcess(
    () => {
      const child = startListener()
      started.push(child)
      return child
    },
    ended.resolve,
    (_level, _fields, message) => lines.push(message),
    50,
  )
  t.after(() => started.forEach((child) => void child.kill('SIGKILL')))
  const first = keeper.running()
  await once(first, 'message')
  first.kill('SIGSTOP')
  // Nothing follows a handle before it is confirmed, and nobody does that.
  void keeper.tell(first, { hold: 1 }, handle)
  void keeper.tell(first, { busy: 1 })
  await keeper.told()
  await ended.promise
  assert.equal(first.signalCode, 'SIGKILL')
  assert.ok(lines.includes('the keeper takes in nothing any more, and is replaced'))
  assert.notEqual(keeper.running(), first)
})
