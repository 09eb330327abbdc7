/** What programs may and may not, over the socket and over TLS. `e2e/pkcs11/module-programs.test.ts` does the same with our own module. */
import { suite } from 'node:test'
import { attackTests } from './attacks.ts'
import { directly, TRANSPORTS } from './fixture.ts'
import { unshareTests } from './unshare.ts'

for (const transport of TRANSPORTS)
  suite(`PKCS#11 over ${transport}`, () => {
    attackTests(directly(1, transport))
    unshareTests(directly(0, transport))
  })
