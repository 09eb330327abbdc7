/** A message that does not follow the protocol; the one error that decoding throws. */
export class MalformedRequest extends Error {
  override readonly name = 'MalformedMessage'
}

/** For expressions: `CALLS.get(id) ?? malformed('call id')`. */
export function malformed(what: string): never {
  throw new MalformedRequest(`Malformed message: ${what}`)
}
