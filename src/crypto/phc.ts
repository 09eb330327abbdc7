/** The stored form of a password hash: `$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH`, a PHC string. */
import { HsmError } from '../contract/errors.ts'

/** Memory in KiB, as argon2 counts it (RFC 9106 §3.1). */
export type Argon2Hash = {
  /** KiB. */
  readonly memory: number
  readonly passes: number
  readonly parallelism: number
  readonly salt: Buffer
  readonly hash: Buffer
}

const FORM =
  /^\$argon2id\$v=19\$m=([1-9]\d{0,6}),t=([1-9]\d?),p=([1-9]\d?)\$([A-Za-z0-9+/]{11,86})\$([A-Za-z0-9+/]{22,86})$/

/** Costs beyond these were not stored by us, and would let a record stop the HSM. */
const MAX = { memory: 256 * 1024, passes: 16, parallelism: 16 } as const

/** PHC string of an argon2id hash. Memory is in KiB. */
export function toPhc({ memory, passes, parallelism, salt, hash }: Argon2Hash): string {
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${unpadded(salt)}$${unpadded(hash)}`
}

/** Throws `store-damaged` for anything but an argon2id string with bearable costs and canonical base64. */
export function fromPhc(text: string): Argon2Hash {
  const [, memory, passes, parallelism, salt, hash] = FORM.exec(text) ?? []
  const parsed: Argon2Hash = {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt ?? '', 'base64'),
    hash: Buffer.from(hash ?? '', 'base64'),
  }
  if (!bearable(parsed) || toPhc(parsed) !== text) {
    throw new HsmError('store-damaged', 'The store is damaged: a password hash is not readable')
  }
  return parsed
}

/** RFC 9106 §3.1: 8 KiB at the least for each lane. */
const bearable = ({ memory, passes, parallelism }: Argon2Hash): boolean =>
  memory >= 8 * parallelism && memory <= MAX.memory && passes <= MAX.passes && parallelism <= MAX.parallelism

const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
