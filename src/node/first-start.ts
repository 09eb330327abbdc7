/** Undoes what a first start has made when it fails, so that the next one founds the cluster. */
import { existsSync, rmSync } from 'node:fs'
import type { Home } from '../home/home.ts'
import { markPath } from '../store/mark.ts'

export type FirstStart = {
  /** From now on somebody may have been answered. */
  stays(): void
  /** Takes away what was made since, unless it stays. The store must be closed. */
  undo(): void
}

/** @param home of an HSM with an embedded store, locked by the caller */
export function beginFirstStart(home: Home): FirstStart {
  const { database, masterKey, hsmId, caKey, caCert, serverKey, serverCert } = home
  const founded = [database, masterKey, hsmId].some(existsSync)
  const store = [masterKey, markPath(database), database, `${database}-wal`, hsmId]
  const made = [...store, caKey, caCert, serverKey, serverCert].filter((path) => !existsSync(path))
  let over = founded
  return {
    stays() {
      over = true
    },
    undo() {
      if (over) return
      // Backwards: certificates without their store would be taken for those of a cluster that is gone.
      for (const path of made.toReversed()) rmSync(path, { force: true })
    },
  }
}
