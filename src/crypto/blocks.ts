/**
 * What key derivation functions in counter mode have in common: values of a function for 1, 2, 3 and so on, one behind the
 * other.
 *
 * @param counterBytes of the counter, big-endian
 * @param block its values are wiped
 * @returns as much as is wanted, for the caller to wipe
 */
export function blocks(bytes: number, counterBytes: number, block: (counter: Buffer) => Buffer): Buffer {
  const all = Buffer.alloc(bytes)
  const counter = Buffer.alloc(counterBytes)
  for (let count = 1, filled = 0; filled < bytes; count += 1) {
    counter.writeUIntBE(count, 0, counterBytes)
    const made = block(counter)
    filled += made.copy(all, filled)
    made.fill(0)
  }
  return all
}
