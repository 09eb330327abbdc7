/** Calls to etcd: tried at one endpoint after another, within a bound of time, as the user that was given. */
import type {
  DescMessage,
  DescMethodBiDiStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from '@bufbuild/protobuf'
import { createAuthentication } from './authentication.ts'
import { createChannels } from './channels.ts'
import { createCredentialsReload, type EtcdCredentials } from './credentials.ts'
import { createRpc, type EtcdStream, type RpcResult } from './rpc.ts'

export type EtcdAccess = EtcdCredentials & {
  /** `https://host:port`, or `http://` for an etcd without TLS; all of one etcd cluster. */
  readonly endpoints: readonly string[]
  /** Both as they are now: certificates and passwords are replaced while a node runs. Throws when they cannot be read. */
  readonly renewed?: (() => EtcdCredentials) | undefined
}

export interface EtcdClient {
  /** Asks at the endpoint that is current, for `limitMs` at most. */
  once<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    limitMs: number,
  ): Promise<RpcResult<MessageShape<O>>>
  /** Asks until there is an answer that tells; only for what may be carried out twice. */
  ask<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
  ): Promise<RpcResult<MessageShape<O>>>
  /** Opens a stream at the endpoint that is current. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
  ): Promise<RpcResult<EtcdStream<I, O>>>
  close(): void
}

/**
 * How long one attempt may take: the first, and the longest. A healthy member needs milliseconds; a request that died
 * with a leader is never answered, and the next leader is there after 1 to 2.5 s.
 */
const ATTEMPT_MS = 400
const LONGEST_ATTEMPT_MS = 2000
/** How long `ask` goes on after the first attempt. */
const PATIENCE_MS = 5000
/** Between rounds of attempts that fail at once. */
const PAUSE_MS = 50

/**
 * Time limit of an attempt, in milliseconds: longer with each.
 *
 * @param attempt 0 for the first
 */
export const attemptMs = (attempt: number): number =>
  Math.min(ATTEMPT_MS * 1.5 ** attempt, LONGEST_ATTEMPT_MS)
/** Between two attempts. */
export const pause = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, PAUSE_MS))

/** Opens no connection until it is asked something. */
export function createEtcdClient({ endpoints, tls, user, renewed }: EtcdAccess): EtcdClient {
  const channels = createChannels(endpoints, tls)
  const rpc = createRpc(channels)
  const authentication = createAuthentication(rpc, user)
  const lookAgain = createCredentialsReload({ tls, user }, renewed, (fresh) => {
    channels.renew(fresh.tls)
    authentication.renew(fresh.user)
  })

  async function once<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    limitMs: number,
    tokenRenewed = user === undefined,
  ): Promise<RpcResult<MessageShape<O>>> {
    const metadata = await authentication.metadata()
    if ('failure' in metadata) return unmet(metadata)
    const answer = await rpc.send(method, request, metadata.value, limitMs)
    if ('value' in answer) return answer
    if (tokenRenewed || answer.failure.verdict !== 'token') return unmet(answer)
    authentication.expire()
    return once(method, request, limitMs, true)
  }

  function unmet<T>(answer: RpcResult<T>): RpcResult<T> {
    lookAgain()
    return answer
  }

  return {
    once,
    async ask(method, request) {
      let patience: AbortSignal | undefined
      for (let attempt = 0; ; attempt++) {
        const answer = await once(method, request, attemptMs(attempt))
        if ('value' in answer || answer.failure.verdict !== 'again' || patience?.aborted) return answer
        patience ??= AbortSignal.timeout(PATIENCE_MS)
        if ((attempt + 1) % endpoints.length === 0) await pause()
      }
    },
    async stream(method) {
      const metadata = await authentication.metadata()
      if ('failure' in metadata) return unmet(metadata)
      const { stream, failed } = rpc.open(method, metadata.value)
      return {
        value: {
          stream,
          failed(error) {
            const failure = failed(error)
            if (failure.verdict === 'token') authentication.expire()
            else lookAgain()
            return failure
          },
        },
      }
    },
    close: channels.close,
  }
}
