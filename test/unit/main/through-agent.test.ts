import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { encodeMessage } from '../../../src/cli/agent/messages.ts'
import { throughAgent } from '../../../src/main/through-agent.ts'

const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length

test('a command waits no longer for an agent that has said that it is of no use', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'strongroom-through-agent-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const path = join(directory, 'socket')
  const closed = Promise.withResolvers<void>()
  const server = createServer((socket: Socket) => {
    socket.on('close', () => closed.resolve())
    socket.once('data', () => socket.write(encodeMessage({ useless: 'it is of another version' })))
  }).listen(path)
  t.after(() => server.close())
  await once(server, 'listening')
  chmodSync(path, 0o600)

  const before = timers()
  const told: string[] = []
  const agent = throughAgent(path, '0.1.0', {}, (text) => told.push(text))
  const chosen = { config: undefined, clusterId: undefined }
  assert.equal(await agent.open(chosen), undefined)
  assert.match(told.join(''), /^warning: going on without the agent .*: it is of another version\n$/)
  assert.equal(timers(), before)
  await closed.promise
})
