/** A message that does not follow the protocol; the one error that decoding throws. */
export class MalformedMessage extends Error {
  override readonly name = 'MalformedMessage'
}

/** For expressions: `CALLS.get(id) ?? malformed('call id')`. */
export function malformed(what: string): never {
  throw new MalformedMessage(`Malformed message: ${what}`)
}
