/** The port that Prometheus reads from: plain HTTP, one page, nothing else. */
import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { HsmError } from '../../contract/errors.ts'
import { type ListenAddress, showAddress } from '../listen-address.ts'

const CONNECTIONS = 16
const REQUEST_MS = 5000
const HEADER_BYTES = 8 * 1024
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

export type Endpoint = { readonly listening: ListenAddress; close(): void }

/**
 * @param render the page, made anew for each request
 * @throws HsmError `unavailable` with one sentence when the address cannot be had
 */
export async function openEndpoint(
  { host, port }: ListenAddress,
  render: () => Promise<string>,
): Promise<Endpoint> {
  const server = createServer(
    { maxHeaderSize: HEADER_BYTES, requestTimeout: REQUEST_MS, headersTimeout: REQUEST_MS },
    (request, response) => void answer(request, response, render),
  )
  server.maxConnections = CONNECTIONS
  server.listen({ host, port })
  await once(server, 'listening').catch((cause: NodeJS.ErrnoException) => {
    const where = showAddress({ host, port })
    throw new HsmError('unavailable', `Cannot serve metrics on ${where}: ${cause.code}`, { cause })
  })
  const { address, port: actual } = server.address() as AddressInfo
  return {
    listening: { host: address, port: actual },
    close() {
      server.close()
      server.closeAllConnections()
    },
  }
}

async function answer(
  { url, method = '' }: IncomingMessage,
  response: ServerResponse,
  render: () => Promise<string>,
): Promise<void> {
  if (url !== '/metrics') return end(response, 404, 'Only /metrics is here\n')
  if (!['GET', 'HEAD'].includes(method))
    return end(response.setHeader('allow', 'GET, HEAD'), 405, 'Only GET\n')
  try {
    end(response, 200, await render())
  } catch {
    end(response, 500, 'The metrics could not be read\n')
  }
}

function end(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, { 'content-type': TEXT, 'content-length': Buffer.byteLength(text) }).end(text)
}
