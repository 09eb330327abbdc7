/** How the address of an HSM is written: a host name, IPv4 or IPv6 address, and perhaps a port. */
import { isIPv4, isIPv6 } from 'node:net'

export const DEFAULT_PORT = 2223

/** Without brackets around IPv6. */
export type Address = { readonly hostname: string; readonly port: number }

const LABEL = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/

/** A name whose last label is a number is an address and nothing else (RFC 1123 §2.1). */
export function isHost(text: string): boolean {
  if (text.includes(':')) return isIPv6(text)
  if (/(^|\.)\d+$/.test(text)) return isIPv4(text)
  return text.length <= 253 && text.split('.').every((label) => LABEL.test(label))
}

/** 1 to 65,535. */
export function isPort(value: number): boolean {
  return Number.isInteger(value) && value >= 1 && value <= 65_535
}

/** `HOST`, `HOST:PORT`, `IPV6` or `[IPV6]:PORT`; undefined when the text is none of them. */
export function parseAddress(text: string): Address | undefined {
  if (isIPv6(text)) return { hostname: text, port: DEFAULT_PORT }
  const [, bracketed, plain, digits] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d{1,5}))?$/.exec(text) ?? []
  const hostname = bracketed ?? plain ?? ''
  const port = digits === undefined ? DEFAULT_PORT : Number(digits)
  const fits = bracketed === undefined ? isHost(hostname) : isIPv6(hostname)
  return fits && isPort(port) ? { hostname, port } : undefined
}
