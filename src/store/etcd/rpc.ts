/** One gRPC call to the member of etcd that is asked now. */
import {
  create,
  type DescMessage,
  type DescMethodBiDiStreaming,
  type DescMethodUnary,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf'
import type { ClientDuplexStream, Metadata, ServiceError } from '@grpc/grpc-js'
import type { Channel, Channels } from './channels.ts'
import { type EtcdFailure, failureOf } from './failures.ts'

/** Either an answer, or why there is none. */
export type RpcResult<T> = { readonly value: T } | { readonly failure: EtcdFailure }

/** A stream of etcd that both sides write to: a watch, or renewals of a lease. */
export type EtcdStream<I extends DescMessage, O extends DescMessage> = {
  readonly stream: ClientDuplexStream<MessageShape<I>, MessageShape<O>>
  /** Reads the error that ended the stream. */
  failed(error: ServiceError): EtcdFailure
}

export interface Rpc {
  send<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageInitShape<I>,
    metadata: Metadata,
    limitMs: number,
  ): Promise<RpcResult<MessageShape<O>>>
  open<I extends DescMessage, O extends DescMessage>(
    method: DescMethodBiDiStreaming<I, O>,
    metadata: Metadata,
  ): EtcdStream<I, O>
}

/** Calls the endpoint that is used now. A failure says whether another attempt makes sense. */
export function createRpc(channels: Channels): Rpc {
  function failed(channel: Channel, error: ServiceError): EtcdFailure {
    const failure = failureOf(error, channel.endpoint)
    if (failure.verdict === 'again') channels.failed(channel)
    return failure
  }
  return {
    send: (method, request, metadata, limitMs) =>
      new Promise((resolve) => {
        const channel = channels.current()
        const { path, serialize, deserialize } = wire(method)
        const message = create(method.input, request)
        const call = channel.client.makeUnaryRequest(
          path,
          serialize,
          deserialize,
          message,
          metadata,
          (error, value) => {
            clearTimeout(timer)
            resolve(
              value === undefined || error ? { failure: failed(channel, error as ServiceError) } : { value },
            )
          },
        )
        // A deadline of gRPC is a time of day, which may step.
        const timer = setTimeout(() => call.cancel(), limitMs)
      }),
    open(method, metadata) {
      const channel = channels.current()
      const { path, serialize, deserialize } = wire(method)
      const stream = channel.client.makeBidiStreamRequest(path, serialize, deserialize, metadata)
      return { stream, failed: (error) => failed(channel, error) }
    },
  }
}

function wire<I extends DescMessage, O extends DescMessage>(
  method: DescMethodUnary<I, O> | DescMethodBiDiStreaming<I, O>,
) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    serialize(message: MessageShape<I>): Buffer {
      const bytes = toBinary(method.input, message)
      return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    },
    deserialize: (bytes: Buffer): MessageShape<O> => fromBinary(method.output, bytes),
  }
}
