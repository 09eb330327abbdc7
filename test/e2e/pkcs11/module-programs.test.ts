/** Programs on our own module: vectors, attacks, and what a user may no longer do, as through the socket itself. */
import { after, suite } from 'node:test'
import { vectorTests } from '../../conformance/pkcs11-vectors.ts'
import { connectModule } from '../../support/module-client.ts'
import { attackTests } from '../../unit/pkcs11/attacks.ts'
import { type Bench, type Program, programOf, TRANSPORTS, type Way } from '../../unit/pkcs11/fixture.ts'
import { unshareTests } from '../../unit/pkcs11/unshare.ts'
import { needsOwnModule, ownModule } from './own-module.ts'

/** What tells the module where the HSM of a bench is. */
const PLACES: Readonly<Partial<Record<Way['transport'], (shared: Bench) => NodeJS.ProcessEnv>>> = {
  socket: ({ path }) => ({ P11_KIT_SERVER_ADDRESS: `unix:path=${path}` }),
}

suite('programs on the module', needsOwnModule(), () => {
  const module = ownModule()
  for (const transport of TRANSPORTS) {
    const place = PLACES[transport]
    if (!place) continue
    suite(`over ${transport}`, () => {
      const programs: Program[] = []
      const way: Way = {
        transport,
        async program(shared) {
          const program = programOf(await connectModule(module.path(), place(shared)))
          programs.push(program)
          return program
        },
      }
      after(() => {
        for (const { stream } of programs) stream.destroy()
      })
      // Only the HSM makes IVs of AES-GCM.
      vectorTests(way, ['AES-GCM'])
      attackTests(way, ['two keys wrapped under one IV'])
      unshareTests(way)
    })
  }
})
