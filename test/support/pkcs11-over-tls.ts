/** PKCS#11 on the TLS port of an HSM in this process. */
import { once } from 'node:events'
import type { Duplex } from 'node:stream'
import { connect } from 'node:tls'
import { createAuthority, issueServerCertificate } from '../../src/certificates/certificates.ts'
import type { Admit } from '../../src/contract/hsm.ts'
import { HSM_NAME, PKCS11_PROTOCOL } from '../../src/contract/wire.ts'
import type { Engine } from '../../src/engine/engine.ts'
import type { Pkcs11 } from '../../src/pkcs11/serve.ts'
import { pkcs11OverTls } from '../../src/pkcs11/tls.ts'
import { createHttpsServer, type ServerLimits } from '../../src/server/https-server.ts'

const AUTHORITY = await createAuthority('cluster-test', Date.now())
const IDENTITY = await issueServerCertificate(AUTHORITY, [HSM_NAME], Date.now())

export type TlsServer = {
  readonly port: number
  /** A connection whose handshake is done. */
  open(): Promise<Duplex>
  close(): Promise<void>
}

type Options = {
  readonly limits?: Partial<ServerLimits>
  readonly isServing?: () => boolean
  /** 0: any that is free. */
  readonly port?: number
}

export async function servePkcs11OverTls(
  pkcs11: Pkcs11,
  engine: Engine & { readonly admit: Admit },
  { limits = {}, isServing = () => true, port: wanted = 0 }: Options = {},
): Promise<TlsServer> {
  const server = createHttpsServer({
    hsm: engine,
    admit: engine.admit,
    tls: IDENTITY,
    log: () => undefined,
    monotonic: () => performance.now(),
    worked: () => performance.now(),
    onConnectionClosed: () => undefined,
    protocols: (anonymous) => ({ [PKCS11_PROTOCOL]: pkcs11OverTls({ pkcs11, anonymous, isServing }) }),
    limits,
  })
  const { port } = await server.listen('127.0.0.1', wanted)
  return {
    port,
    async open() {
      const socket = connect({
        port,
        host: '127.0.0.1',
        ca: AUTHORITY.cert,
        checkServerIdentity: () => undefined,
        ALPNProtocols: [PKCS11_PROTOCOL],
      })
      socket.on('error', () => undefined)
      await once(socket, 'secureConnect')
      return socket
    },
    close: () => server.close({ graceMs: 0 }),
  }
}
