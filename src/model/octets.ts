/** Bytes that are kept of very many keys: as a string with a character for each, in half the memory that hex takes. */

declare const octets: unique symbol
/** A string of characters from U+0000 to U+00FF, which is no text: nothing takes it for one. */
export type Octets = { readonly [octets]: never }

const HEX = /^0x(?:[0-9a-f]{2})*$/

/** Throws TypeError for anything but `0x` and an even number of lower-case hex digits. */
export function fromHex(text: string): Octets {
  if (HEX.test(text)) return toOctets(Uint8Array.fromHex(text.slice(2)))
  throw new TypeError('a member is not hex')
}

/** `0x` and lower-case hex digits. */
export function toHex(octets: Octets): string {
  const text = String(octets)
  const bytes = new Uint8Array(text.length)
  for (let at = 0; at < bytes.length; at++) bytes[at] = text.charCodeAt(at)
  return `0x${bytes.toHex()}`
}

/** @param bytes some thousands at most */
export const toOctets = (bytes: Uint8Array): Octets => String.fromCharCode(...bytes) as unknown as Octets
