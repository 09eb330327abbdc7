/** How an HSM reaches etcd: the options, and what their values mean. */
import type { Args, Options } from '../cli/spec.ts'
import type { EtcdSettings } from '../node/settings.ts'
import { absolute, given, wrong } from './options.ts'

export const ETCD = {
  etcd: { value: 'URL,URL', help: 'Members of etcd, such as https://10.0.0.1:2379' },
  'etcd-ca': { value: 'FILE', help: 'Certificates of the CA of etcd' },
  'etcd-cert': { value: 'FILE', help: 'Client certificate for etcd' },
  'etcd-key': { value: 'FILE', help: 'Private key of the client certificate' },
  'etcd-user': { value: 'NAME', help: 'User of etcd' },
  'etcd-password-file': { value: 'FILE', help: 'File with the password of that user' },
} as const satisfies Options

/** Undefined when nothing of it is given. Throws HsmError `invalid-request` naming the option at fault. */
export function wholeEtcd(options: Args<typeof ETCD>): EtcdSettings | undefined {
  const etcd = etcdOptions(options)
  const { endpoints } = etcd
  if (!endpoints && Object.keys(etcd).length > 0) throw wrong('--etcd', 'is missing')
  return endpoints && { ...etcd, endpoints }
}

/** @throws HsmError `invalid-request` naming the option at fault */
export function etcdOptions(options: Args<typeof ETCD>): Partial<EtcdSettings> {
  const [cert, key] = [options['etcd-cert'], options['etcd-key']]
  if ((cert === undefined) !== (key === undefined)) throw wrong('--etcd-cert', 'goes with --etcd-key')
  const [user, passwordFile] = [options['etcd-user'], options['etcd-password-file']]
  if ((user === undefined) !== (passwordFile === undefined)) {
    throw wrong('--etcd-user', 'goes with --etcd-password-file')
  }
  return given({
    endpoints: options.etcd?.split(',').map(endpoint),
    caFile: absolute(options['etcd-ca']),
    certFile: absolute(cert),
    keyFile: absolute(key),
    username: user,
    passwordFile: absolute(passwordFile),
  })
}

function endpoint(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isRoot = url?.pathname === '/' && url.search === '' && url.username === '' && url.hash === ''
  if (isRoot && (url.protocol === 'https:' || url.protocol === 'http:')) return url.origin
  throw wrong('--etcd', 'must be URLs, such as https://10.0.0.1:2379, with a comma between them')
}
