/**
 * What a node remembers of the state of etcd it has applied, so that it notices when etcd is put back to an older one while it is
 * down. It is written once a second and when the node stops, not with each commit: etcd, not this file, keeps commits.
 */

import type { Log } from '../base/log.ts'
import { type Mark, openMark } from '../store/mark.ts'
import type { Sealer } from '../store/sealer.ts'

const INTERVAL_MS = 1000

export interface OwnMark {
  /** Writes what is applied now, for the last time. */
  close(): void
}

/** @param path of the mark @param applied the newest state */
export function writeMarkRegularly(path: string, sealer: Sealer, applied: () => Mark, log: Log): OwnMark {
  const file = openMark(path, sealer)
  let failed = false
  function write(): void {
    try {
      file.write(applied())
      failed = false
    } catch (err) {
      if (!failed) log('warn', { err }, 'it cannot be written down how far this HSM has followed its cluster')
      failed = true
    }
  }
  write()
  const timer = setInterval(write, INTERVAL_MS)
  timer.unref()
  return {
    close() {
      clearInterval(timer)
      write()
      file.close()
    },
  }
}
