/** An address that is reserved before anything is founded, and released to the server that takes it. */
import { type AddressInfo, createServer } from 'node:net'
import type { ListenAddress } from '../base/listen-address.ts'
import { cannotListen } from './listener.ts'

export type Reserved = {
  /** Numeric, and with the port that port 0 came to. */
  readonly address: ListenAddress
  /** To be followed by listening there, in the same stretch of code. */
  release(): void
}

/** @throws HsmError `unavailable` with one sentence when the address cannot be had */
export function reserve({ host, port }: ListenAddress): Promise<Reserved> {
  const { promise, resolve, reject } = Promise.withResolvers<Reserved>()
  // Whoever calls meanwhile is not kept waiting.
  const server = createServer((socket) => socket.destroy())
  server.once('error', (error) => reject(cannotListen(error, host, port)))
  server.listen({ host, port }, () => {
    const { address, port: actual } = server.address() as AddressInfo
    resolve({ address: { host: address, port: actual }, release: () => void server.close() })
  })
  return promise
}
