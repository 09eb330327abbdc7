/** Password hashing with argon2id (RFC 9106), in a bounded queue so that logins cannot starve everything else. */
import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { HsmError } from '../contract/errors.ts'
import { type Argon2Hash, fromPhc, toPhc } from './phc.ts'

/**
 * Hashes take tens of milliseconds of a processor each, in the thread pool.
 * @throws HsmError `busy` when too many wait
 */
export type PasswordHasher = {
  /**
   * @param password any text; its UTF-8 bytes are hashed as they are, without Unicode normalisation
   * @returns PHC string
   * @throws HsmError `busy` when the queue is full
   */
  hash(password: string): Promise<string>
  /**
   * @param phc what `hash` returned; undefined (no such user, no password) takes the same work and answers false
   * @throws HsmError `busy` when the queue is full, `store-damaged` when `phc` cannot be read
   */
  verify(password: string, phc: string | undefined): Promise<boolean>
}

/** OWASP Password Storage Cheat Sheet: 19 MiB, two passes, one lane. */
export const PASSWORD_COST: PasswordCost = { memory: 19_456, passes: 2, parallelism: 1 }
/** Of argon2id; `memory` in KiB. */
export type PasswordCost = Pick<Argon2Hash, 'memory' | 'passes' | 'parallelism'>
const SALT_BYTES = 16
const HASH_BYTES = 32

const argon2InPool = promisify(argon2)

/**
 * @param cost of new hashes; each is checked at the cost it was made with
 * @param parallel hashes computed at the same time
 * @param queue hashes that may wait for their turn
 */
export function createPasswordHasher({
  cost,
  parallel,
  queue,
}: {
  readonly cost: PasswordCost
  readonly parallel: number
  readonly queue: number
}): PasswordHasher {
  const queued = createWorkQueue(parallel, queue)
  const nobody: Argon2Hash = { ...cost, salt: Buffer.alloc(SALT_BYTES), hash: Buffer.alloc(HASH_BYTES) }
  return {
    async hash(password) {
      const salt = randomBytes(SALT_BYTES)
      const hash = await queued(() => compute(password, { ...nobody, salt }))
      return toPhc({ ...cost, salt, hash })
    },
    async verify(password, phc) {
      const expected = phc === undefined ? nobody : fromPhc(phc)
      const hash = await queued(() => compute(password, expected))
      return timingSafeEqual(hash, expected.hash) && phc !== undefined
    },
  }
}

async function compute(password: string, like: Argon2Hash): Promise<Buffer> {
  const { memory, passes, parallelism, salt, hash } = like
  const message = Buffer.from(password, 'utf8')
  try {
    const parameters = { message, nonce: salt, parallelism, tagLength: hash.length, memory, passes }
    return await argon2InPool('argon2id', parameters)
  } finally {
    message.fill(0)
  }
}

/** Runs at most `parallel` at the same time, the others in the order in which they came. */
function createWorkQueue(parallel: number, queue: number) {
  const waiting: (() => void)[] = []
  let running = 0

  function enter(): Promise<void> | undefined {
    if (running < parallel) {
      running += 1
      return undefined
    }
    if (waiting.length >= queue) throw new HsmError('busy')
    return new Promise((resolve) => waiting.push(resolve))
  }

  /** Hands the place on, so that nobody who comes later can take it. */
  function leave(): void {
    const next = waiting.shift()
    if (next) next()
    else running -= 1
  }

  return async <R>(work: () => Promise<R>): Promise<R> => {
    await enter()
    try {
      return await work()
    } finally {
      leave()
    }
  }
}
