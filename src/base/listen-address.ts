import { isIPv6 } from 'node:net'
import { DEFAULT_PORT, isHost } from './address.ts'

/** Where a server listens: unlike an address to connect to, it may leave the port open (0). */
export type ListenAddress = { readonly host: string; readonly port: number }

export const DEFAULT_LISTEN: ListenAddress = { host: '127.0.0.1', port: DEFAULT_PORT }

/** `HOST`, `HOST:PORT`, `[IPV6]` or `[IPV6]:PORT`; undefined when the text is none of them. */
export function parseListen(text: string): ListenAddress | undefined {
  const [, bracketed, plain = '', digits] =
    /^(?:\[([0-9a-fA-F:.]+)\]|([^:]+))(?::(\d{1,5}))?$/.exec(text) ?? []
  const host = bracketed ?? plain
  const port = digits === undefined ? DEFAULT_PORT : Number(digits)
  const fits = bracketed === undefined ? isHost(host) : isIPv6(host)
  return fits && port <= 65_535 ? { host, port } : undefined
}

const LOOPBACK: Readonly<Record<string, string>> = { '0.0.0.0': '127.0.0.1', '::': '::1' }

/** Whether it stands for every address of the machine, and so for none that could be called. */
export const isWildcard = (host: string): boolean => Object.hasOwn(LOOPBACK, host)

/** How clients on the same machine reach it. */
export const localAddress = ({ host, port }: ListenAddress): ListenAddress => ({
  host: LOOPBACK[host] ?? host,
  port,
})

/** `host:port`, or `[host]:port` for IPv6. */
export const showAddress = ({ host, port }: ListenAddress): string =>
  host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`
