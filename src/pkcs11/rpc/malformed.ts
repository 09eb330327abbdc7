/** A request that does not follow the protocol; the one error that decoding throws. */
export class MalformedRequest extends Error {
  override readonly name = 'MalformedRequest'
}

/** For expressions: `CALLS.get(id) ?? malformed('call id')`. */
export function malformed(what: string): never {
  throw new MalformedRequest(`Malformed request: ${what}`)
}
