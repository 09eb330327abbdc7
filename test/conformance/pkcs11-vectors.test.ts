/** As p11-kit's client, in mechanisms that the client library of this system may not carry too. */
import { suite } from 'node:test'
import { directly, TRANSPORTS } from '../unit/pkcs11/fixture.ts'
import { vectorTests } from './pkcs11-vectors.ts'

for (const transport of TRANSPORTS)
  suite(`PKCS#11 over ${transport}`, () => vectorTests(directly(2, transport)))
