/** An HSM in the process of the test, with alice, bob and carol, on a Unix socket for PKCS#11 programs. */
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import { createPkcs11, type Pkcs11 } from '../../../src/pkcs11/serve.ts'
import { testEngine } from '../../support/engine.ts'
import { createWorld, type World } from '../../support/world.ts'

export type SocketHsm = {
  readonly world: World
  /** Nothing listens, and every connection breaks. */
  interrupt(): Promise<void>
  resume(): Promise<void>
  /** As a stop and a start of its process: programs are told to go on with the next. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export async function startHsm(path: string): Promise<SocketHsm> {
  const engine = await testEngine()
  const world = await createWorld(engine)
  const another = () => createPkcs11({ hsm: engine, version: '1.2.3', log: () => undefined })
  let pkcs11: Pkcs11 = another()
  const connections = new Set<Socket>()
  let server: Server
  const hsm: SocketHsm = {
    world,
    async resume() {
      server = createServer((connection) => {
        connections.add(connection)
        void pkcs11.serve(connection).then(() => connections.delete(connection))
      }).listen(path)
      await once(server, 'listening')
    },
    async interrupt() {
      for (const connection of connections) connection.destroy()
      server.close()
      await once(server, 'close')
    },
    async restart() {
      server.close()
      await pkcs11.release()
      pkcs11 = another()
      await hsm.resume()
    },
    async stop() {
      if (server.listening) await hsm.interrupt()
      await pkcs11.close()
      await engine.close()
    },
  }
  await hsm.resume()
  return hsm
}
