/** Everything that happens under a prefix, revision by revision: one stream, opened again wherever it was cut. */
import { create, type MessageShape } from '@bufbuild/protobuf'
import type { ServiceError } from '@grpc/grpc-js'
import type { EtcdClient } from './client.ts'
import type { KeyRange } from './keys.ts'
import type { EtcdStream } from './rpc.ts'
import { type Event, WatchRequestSchema, type WatchResponse, Watch as WatchService } from './rpc_pb.ts'

export interface Watch {
  /** Follows what comes after the revision that `applied` gives. */
  start(): void
  /** Gives the stream up for one at another endpoint. */
  restart(): void
  stop(): void
}

/** Told in this order: live, revisions, cut; live again, or compacted, after which nothing comes. */
export type WatchHooks = {
  readonly applied: () => number
  /** All events of one revision, each in its turn. Must not throw. */
  readonly onRevision: (revision: number, events: readonly Event[]) => void
  readonly onLive: () => void
  readonly onCut: () => void
  /** What comes next is not kept any more; the watch has stopped. */
  readonly onCompacted: () => void
}

type WatchStream = EtcdStream<typeof WatchRequestSchema, typeof WatchService.method.watch.output>

const FIRST_DELAY_MS = 10
const LONGEST_DELAY_MS = 500

/** Follows a range of keys in the order of revisions, and opens the watch again when it was cut. */
export function createWatch(client: EtcdClient, range: KeyRange, hooks: WatchHooks): Watch {
  let running = false
  let current: WatchStream['stream'] | undefined
  let timer: NodeJS.Timeout | undefined
  let delayMs = FIRST_DELAY_MS

  async function open(): Promise<void> {
    const answer = await client.stream(WatchService.method.watch)
    if (!running || current) return
    if ('failure' in answer) retry()
    else follow(answer.value)
  }

  function follow({ stream, failed }: WatchStream): void {
    current = stream
    const take = joinFragments((events) => {
      for (const [revision, those] of byRevision(events)) if (running) hooks.onRevision(revision, those)
    })
    const ended = () => {
      if (current === stream) retry()
    }
    stream.on('data', (response: WatchResponse) => {
      if (current === stream) receive(response, take)
    })
    stream.on('error', (error: ServiceError) => {
      failed(error)
      ended()
    })
    stream.on('end', ended)
    stream.write(request(range, hooks.applied() + 1))
  }

  function receive(response: WatchResponse, take: (response: WatchResponse) => void): void {
    if (response.compactRevision > 0n) {
      stop()
      hooks.onCut()
      hooks.onCompacted()
    } else if (response.canceled) current?.cancel()
    else if (response.created) {
      delayMs = FIRST_DELAY_MS
      hooks.onLive()
    } else take(response)
  }

  function retry(): void {
    current = undefined
    if (!running) return
    hooks.onCut()
    timer = setTimeout(() => void open(), delayMs)
    delayMs = Math.min(delayMs * 2, LONGEST_DELAY_MS)
  }

  function stop(): void {
    running = false
    clearTimeout(timer)
    const stream = current
    current = undefined
    stream?.cancel()
  }

  return {
    start() {
      running = true
      void open()
    },
    restart: () => current?.cancel(),
    stop,
  }
}

const request = ({ from, to }: KeyRange, startRevision: number): MessageShape<typeof WatchRequestSchema> =>
  create(WatchRequestSchema, {
    requestUnion: {
      case: 'createRequest',
      value: { key: from, rangeEnd: to, startRevision: BigInt(startRevision), fragment: true },
    },
  })

/**
 * etcd cuts a response that is larger than a request may be. Only its newest revision waits for what is to come: a response may
 * be of a thousand.
 */
function joinFragments(take: (events: readonly Event[]) => void): (response: WatchResponse) => void {
  let begun: readonly Event[] = []
  return ({ events, fragment }) => {
    const joined = [...begun, ...events]
    const newest = joined.at(-1)?.kv?.modRevision
    const whole = fragment ? joined.findIndex(({ kv }) => kv?.modRevision === newest) : joined.length
    begun = joined.slice(whole)
    take(joined.slice(0, whole))
  }
}

/** Events come in the order of their revisions. */
const byRevision = (events: readonly Event[]): ReadonlyMap<number, readonly Event[]> =>
  Map.groupBy(events, ({ kv }) => Number(kv?.modRevision ?? 0n))
