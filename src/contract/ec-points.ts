/** Points of elliptic curves as callers encode them. */
import { octetsOf } from '../base/der.ts'
import { CURVES, type Curve } from './algorithms.ts'

const ED25519_BYTES = 32

/** Lengths of an encoded point in bytes: compressed and not (SEC 1 §2.3.3), or the only one (RFC 8032 §5.1.2). */
function lengthsOn(curve: Curve): readonly number[] {
  if (curve === 'ed25519') return [ED25519_BYTES]
  const { fieldBytes } = CURVES[curve]
  return [1 + fieldBytes, 1 + 2 * fieldBytes]
}

/**
 * A point that is given bare or in a DER OCTET STRING, without that. A bare one can look like the other form, so the
 * length decides, which is never the same for both.
 *
 * @returns what was given where it is neither
 */
export function barePoint(given: Uint8Array, curve: Curve): Uint8Array {
  const inner = octetsOf(given)
  return inner && lengthsOn(curve).includes(inner.length) ? inner : given
}

/** Compressed, or not. The point at infinity and hybrid encodings are neither (RFC 5480 §2.2). */
export function isPoint(given: Uint8Array, curve: Curve): boolean {
  const at = lengthsOn(curve).indexOf(given.length)
  if (at < 0 || curve === 'ed25519') return at >= 0
  return at === 0 ? given[0] === 2 || given[0] === 3 : given[0] === 4
}
