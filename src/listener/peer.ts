import { isIPv6 } from 'node:net'

const NOBODY_KNOWS = '-'
/** What one subscriber is given of IPv6 (RFC 6177 §2), in groups of 16 bits. */
const SUBSCRIBER_GROUPS = 4

/**
 * Who is behind an address, as far as an address can tell: an IPv4 address, or the first 64 bits of an IPv6 one, as
 * everyone has all the addresses below those.
 *
 * @param address undefined when the connection is gone already
 */
export function peerOf(address: string | undefined): string {
  if (address === undefined) return NOBODY_KNOWS
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  const [plain = address] = address.split('%')
  return isIPv6(plain) ? `${groupsOf(plain).slice(0, SUBSCRIBER_GROUPS).join(':')}::/64` : plain
}

/** The eight groups of an IPv6 address, without leading zeros. */
function groupsOf(address: string): readonly string[] {
  const [head = '', tail] = address.toLowerCase().split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const gap = tail === undefined ? 0 : Math.max(0, 8 - before.length - after.length)
  return [...before, ...Array<string>(gap).fill('0'), ...after].map((group) => group.replace(/^0+(?=.)/, ''))
}
