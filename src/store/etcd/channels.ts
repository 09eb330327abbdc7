/** One gRPC channel to each member of etcd, and which of them is asked now. */
import { isIP } from 'node:net'
import { checkServerIdentity } from 'node:tls'
import { type ChannelOptions, Client, credentials } from '@grpc/grpc-js'
import { HsmError } from '../../contract/errors.ts'

/** PEM. `cert` and `key` when etcd asks its clients for certificates; the host must be in the server's. */
export type EtcdTls = {
  readonly ca: Uint8Array
  readonly cert?: Uint8Array
  readonly key?: Uint8Array
}

/** `endpoint` is as it was given, for error texts. */
export type Channel = { readonly endpoint: string; readonly client: Client }

export interface Channels {
  readonly count: number
  current(): Channel
  /** Turns to the next endpoint, if the one that failed is still the one that is asked. */
  failed(channel: Channel): void
  /** New connections with other certificates. Calls under way end where they began. */
  renew(tls: EtcdTls | undefined): void
  close(): void
}

/** etcd drops clients that ping more often than every 5 s (its `--grpc-keepalive-min-time`). */
const OPTIONS: ChannelOptions = {
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 2000,
  'grpc.initial_reconnect_backoff_ms': 50,
  'grpc.min_reconnect_backoff_ms': 50,
  'grpc.max_reconnect_backoff_ms': 1000,
  'grpc.max_receive_message_length': 64 * 1024 * 1024,
  'grpc.use_local_subchannel_pool': 1,
  'grpc.enable_retries': 0,
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
}

/** @param endpoints `https://host:port`, or `http://` for an etcd without TLS; all of one etcd cluster */
export function createChannels(endpoints: readonly string[], tls: EtcdTls | undefined): Channels {
  if (endpoints.length === 0) throw new HsmError('store-failure', 'No endpoint of etcd is given')
  const openAll = (certificates: EtcdTls | undefined) =>
    endpoints.map((endpoint) => open(endpoint, certificates))
  let channels = openAll(tls)
  let at = 0
  const current = () => channels[at] as Channel
  const closeAll = () => {
    for (const { client } of channels) client.close()
  }
  return {
    count: endpoints.length,
    current,
    failed(channel) {
      if (channel === current()) at = (at + 1) % channels.length
    },
    renew(fresh) {
      const renewed = openAll(fresh)
      closeAll()
      channels = renewed
    },
    close: closeAll,
  }
}

function open(endpoint: string, tls: EtcdTls | undefined): Channel {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined
  if (
    (url?.protocol !== 'https:' && url?.protocol !== 'http:') ||
    url.pathname !== '/' ||
    url.username !== ''
  ) {
    throw new HsmError('store-failure', `The endpoint of etcd ${endpoint} is not an https://host:port`)
  }
  const address = `${url.hostname}:${url.port || (url.protocol === 'https:' ? '443' : '80')}`
  if (url.protocol === 'http:') {
    return { endpoint, client: new Client(address, credentials.createInsecure(), OPTIONS) }
  }
  const pem = (bytes: Uint8Array | undefined) => (bytes ? Buffer.from(bytes) : null)
  const host = url.hostname.replace(/^\[|\]$/g, '')
  // Node takes no address for the name that TLS asks a server for (RFC 6066 §3); the certificate must still have it.
  const options = isIP(host) ? { ...OPTIONS, 'grpc.ssl_target_name_override': 'etcd' } : OPTIONS
  const secure = credentials.createSsl(pem(tls?.ca), pem(tls?.key), pem(tls?.cert), {
    checkServerIdentity: (_name, certificate) => checkServerIdentity(host, certificate),
  })
  return { endpoint, client: new Client(address, secure, options) }
}
