/** Which process asks: the HSM is told by the socket, never by the program. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { CallSource } from '../../../src/contract/call-source.ts'
import type { Hsm } from '../../../src/contract/hsm.ts'
import { createPkcs11, type ServeOptions } from '../../../src/pkcs11/serve.ts'
import { testEngine } from '../../support/engine.ts'
import { connectP11 } from '../../support/p11-client.ts'
import { createWorld } from '../../support/world.ts'
import { programOf } from './fixture.ts'

async function sourcesOf(options: ServeOptions): Promise<readonly (CallSource | undefined)[]> {
  const engine = await testEngine()
  await createWorld(engine)
  const sources: (CallSource | undefined)[] = []
  const hsm: Hsm = {
    call(operation, request, session, source) {
      sources.push(source)
      return engine.call(operation, request, session, source)
    },
  }
  const pkcs11 = createPkcs11({ hsm, version: '1.2.3', log: () => undefined })
  const path = join(tmpdir(), `strongroom-test-${process.pid}-${Math.random().toString(36).slice(2)}.sock`)
  const server = createServer((socket) => void pkcs11.serve(socket, options)).listen(path)
  await once(server, 'listening')
  const program = programOf(await connectP11(path))
  await program.login()
  server.close()
  await pkcs11.close()
  await engine.close()
  return sources
}

test('the HSM is told which process asks', async () => {
  const source = { kind: 'pkcs11', pid: 4711, uid: 1000 }
  assert.deepEqual(await sourcesOf({ peer: { pid: 4711, uid: 1000 } }), [source, source])
})

test('or that it is a program, where the system does not tell which', async () => {
  const source = { kind: 'pkcs11', pid: undefined, uid: undefined }
  assert.deepEqual(await sourcesOf({}), [source, source])
})
