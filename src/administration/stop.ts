/** `strongroom stop`: stops the HSM of a home. */

import { setTimeout as sleep } from 'node:timers/promises'
import { isThere } from '../base/directories.ts'
import type { Home } from '../home/home.ts'
import { isLocked } from '../home/lock.ts'
import { GRACE_MS, readRunning } from '../home/running.ts'
import { done, failed, type Outcome } from './outcome.ts'

const POLL_MS = 50

/**
 * The lock tells whether a process has the home, so a file that a killed one left behind is never taken for a
 * running HSM, nor another program for it that has got its process id.
 */
export async function stop(home: Home): Promise<Outcome> {
  if (!isHeld(home)) return done(`Strongroom is not running on ${home.root}`)
  const running = readRunning(home)
  if (!running) return failed(`Strongroom is just starting or stopping on ${home.root}; try again`)
  process.kill(running.pid, 'SIGTERM')
  for (let waited = 0; waited < 2 * GRACE_MS; waited += POLL_MS) {
    await sleep(POLL_MS)
    if (!isHeld(home)) return done(`Strongroom has stopped (process ${running.pid})`)
  }
  return failed(`Process ${running.pid} has not stopped within ${(2 * GRACE_MS) / 1000} s`)
}

const isHeld = ({ lock }: Home): boolean => isThere(lock) && isLocked(lock)
