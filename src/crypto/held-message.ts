/** A message that comes in parts and is needed as a whole. Many small parts take no more room than one large one. */
import { HsmError } from '../contract/errors.ts'

/** Grows with each part, up to a limit. `close` wipes it. */
export type HeldMessage = {
  /** @throws HsmError `too-large` when the message would be longer than it may be */
  add(part: Uint8Array): void
  /** @returns the message, which is `last` itself when that is all of it; to be wiped by `close` */
  whole(last?: Buffer): Buffer
  bytes(): number
  /** Wipes it. */
  close(): void
}

const FIRST_ROOM = 512

/**
 * @param limit of the message, in bytes
 * @param what takes no more, for the error: `The mechanism ed25519`
 */
export function heldMessage(limit: number, what: string): HeldMessage {
  let room = Buffer.alloc(0)
  let used = 0

  function makeRoom(needed: number): void {
    if (needed > limit) throw new HsmError('too-large', `${what} takes at most ${limit} bytes in parts`)
    if (needed <= room.length) return
    const larger = Buffer.alloc(Math.min(limit, Math.max(needed, 2 * room.length, FIRST_ROOM)))
    room.copy(larger, 0, 0, used)
    room.fill(0)
    room = larger
  }

  function add(part: Uint8Array): void {
    makeRoom(used + part.length)
    room.set(part, used)
    used += part.length
  }

  return {
    add,
    whole(last) {
      if (last && used === 0) {
        if (last.length > limit) makeRoom(last.length)
        return last
      }
      if (last) add(last)
      return room.subarray(0, used)
    },
    bytes: () => used,
    close() {
      room.fill(0, 0, used)
      room = Buffer.alloc(0)
      used = 0
    },
  }
}
