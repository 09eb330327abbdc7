/** Where a process runs, as far as that tells whether an earlier process of the same home is over. */
import { createHash, randomUUID } from 'node:crypto'
import { readFileSync, statSync } from 'node:fs'
import type { Home } from '../home/home.ts'

/** Of this run of the kernel (random(4)); of this process where there is none. */
const BOOT_ID = '/proc/sys/kernel/random/boot_id'

/**
 * The same for all processes that take the lock of this home on this machine until it is booted again, and different
 * for a copy of the home, here or elsewhere. As only one of them can have the lock, every other is over.
 *
 * @param home locked by the caller
 * @returns 64 hex digits
 */
export function bootIdentity({ lock }: Home): string {
  const { dev, ino } = statSync(lock, { bigint: true })
  return createHash('sha256').update(`${bootId()} ${dev} ${ino}`).digest('hex')
}

function bootId(): string {
  try {
    return readFileSync(BOOT_ID, 'utf8')
  } catch {
    return randomUUID()
  }
}
