/** How long the output of a cipher will be, before the HSM is asked. */
import { MADE_IV_BYTES } from '../../contract/mechanism-parameters.ts'
import type { Cipher } from '../../contract/mechanisms.ts'

/** `exact`: otherwise it is that at most, and only the work itself tells. */
export type Length = { readonly bytes: number; readonly exact: boolean }

export interface Lengths {
  /** Bytes that come out in front of the message. */
  readonly front: number
  /** Of a message of `size` bytes; undefined when no message has that size. */
  whole(size: number): Length | undefined
  /**
   * Of what the next `size` bytes bring out.
   *
   * @param pending bytes that went in, or are in front, and have not come out
   */
  update(pending: number, size: number): Length
  /** Of what is left at the end; undefined when it cannot end there. */
  final(pending: number): Length | undefined
}

const exactly = (bytes: number): Length => ({ bytes, exact: true })
const atMost = (bytes: number): Length => ({ bytes, exact: false })
const wholeBlocks = (size: number, block: number): number => size - (size % block)

/** Everything comes out as it goes in. */
const streamed: Lengths = {
  front: 0,
  whole: exactly,
  update: (pending, size) => exactly(pending + size),
  final: exactly,
}

const blocks = (block: number): Lengths => ({
  front: 0,
  whole: (size) => (size % block === 0 ? exactly(size) : undefined),
  update: (pending, size) => exactly(wholeBlocks(pending + size, block)),
  final: (pending) => (pending === 0 ? exactly(0) : undefined),
})

const padding = (block: number): Lengths => ({
  front: 0,
  whole: (size) => exactly(wholeBlocks(size, block) + block),
  update: (pending, size) => exactly(wholeBlocks(pending + size, block)),
  final: () => exactly(block),
})

/** The last block is held back until it is known to be the last; all of it may be padding, and at least one byte is. */
const unpadding = (block: number): Lengths => ({
  front: 0,
  whole: (size) => (size > 0 && size % block === 0 ? atMost(size - 1) : undefined),
  update: (pending, size) => exactly(wholeBlocks(Math.max(pending + size - 1, 0), block)),
  final: (pending) => (pending === block ? atMost(block - 1) : undefined),
})

const sealing = (tag: number, front = 0): Lengths => ({
  front,
  whole: (size) => exactly(front + size + tag),
  update: (pending, size) => exactly(pending + size),
  final: (pending) => exactly(pending + tag),
})

/** Nothing comes out before the tag is known to be right. */
const opening = (around: number): Lengths => ({
  front: 0,
  whole: (size) => (size >= around ? exactly(size - around) : undefined),
  update: () => exactly(0),
  final: (pending) => (pending >= around ? exactly(pending - around) : undefined),
})

/** RSA works on the whole message. */
const atTheEnd = (result: Length): Lengths => ({
  front: 0,
  whole: () => result,
  update: () => exactly(0),
  final: () => result,
})

const AES = 16
const DES = 8

/** @param resultBytes of RSA: what it makes of a message, at most */
export function lengthsOf(purpose: 'encrypt' | 'decrypt', cipher: Cipher, resultBytes: number): Lengths {
  const encrypting = purpose === 'encrypt'
  switch (cipher.name) {
    case 'aes-ecb':
    case 'aes-cbc':
      return blocks(AES)
    case 'des3-ecb':
    case 'des3-cbc':
      return blocks(DES)
    case 'aes-cbc-pad':
      return encrypting ? padding(AES) : unpadding(AES)
    case 'des3-cbc-pad':
      return encrypting ? padding(DES) : unpadding(DES)
    case 'aes-ctr':
      return streamed
    case 'aes-gcm':
      return (encrypting ? sealing : opening)(cipher['tag-length-bits'] / 8)
    case 'cloudhsm-aes-gcm': {
      const tag = cipher['tag-length-bits'] / 8
      return encrypting ? sealing(tag, MADE_IV_BYTES) : opening(MADE_IV_BYTES + tag)
    }
    case 'rsa-x509':
      return atTheEnd(exactly(resultBytes))
    case 'rsa-pkcs':
    case 'rsa-oaep':
      return atTheEnd(encrypting ? exactly(resultBytes) : atMost(resultBytes))
  }
}
