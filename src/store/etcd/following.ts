/** Keeping the replica at the newest commit: the watch, and what is done when it was cut off for too long. */
import { HsmError } from '../../contract/errors.ts'
import { pause } from './client.ts'
import type { Keyspace } from './keyspace.ts'
import { type Loaded, load } from './load.ts'
import { newestCommit } from './reading.ts'
import type { Replica } from './replica.ts'
import type { ReplicaStateHolder } from './replica-state.ts'
import { createWatch } from './watch.ts'
import { createWatchdog } from './watchdog.ts'

export interface Following {
  start(): void
  /** etcd has told of a revision that the watch should bring soon. */
  expect(revision: number): void
  /** For good: the store is damaged. */
  fail(error: HsmError): void
  stop(): void
}

export type FollowingNeeds = {
  readonly keyspace: Keyspace
  readonly replica: Replica
  readonly replicaState: ReplicaStateHolder
  readonly onFailed: (error: HsmError) => void
}

/** Behind until the watch is there; `onFailed` is called once, for good. */
export function createFollowing({ keyspace, replica, replicaState, onFailed }: FollowingNeeds): Following {
  let stopped = false
  let cuts = 0
  const watch = createWatch(keyspace.client, keyspace.keys.everything, {
    applied: replica.applied,
    onRevision: (revision, events) => orFail(() => replica.apply(revision, events)),
    onLive: () => void catchUp(),
    onCut() {
      cuts += 1
      replicaState.cut()
    },
    onCompacted: () => void reload(),
  })
  const watchdog = createWatchdog(replica.applied, watch.restart)

  /** A watch that is there may still bring what happened before, or find that it is not kept any more. */
  async function catchUp(): Promise<void> {
    const begun = cuts
    try {
      const revision = await newestCommit(keyspace, replica, fail)
      watchdog.expect(revision)
      await replica.appliedAtLeast(revision)
      if (begun === cuts && !stopped) replicaState.live()
    } catch {
      if (begun === cuts && !stopped) watch.restart()
    }
  }

  /** What came between is lost; the difference of the states is not. */
  async function reload(): Promise<void> {
    for (;;) {
      const loaded = await read()
      if (stopped) return
      if (loaded !== 'again') {
        orFail(() => replica.reload(loaded))
        if (!stopped) watch.start()
        return
      }
      await pause()
    }
  }

  async function read(): Promise<Loaded | undefined | 'again'> {
    try {
      return await load(keyspace)
    } catch (error) {
      if (!(error instanceof HsmError) || error.code === 'store-damaged') fail(error)
      return 'again'
    }
  }

  function orFail(step: () => void): void {
    try {
      step()
    } catch (error) {
      fail(error)
    }
  }

  function fail(cause: unknown): void {
    const error = cause instanceof HsmError ? cause : new HsmError('internal', undefined, { cause })
    stop()
    if (replicaState.fail(error)) onFailed(error)
  }

  function stop(): void {
    stopped = true
    watchdog.stop()
    watch.stop()
  }

  return { start: watch.start, expect: watchdog.expect, fail, stop }
}
