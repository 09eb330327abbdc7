import { connect } from '../client/connect.ts'
import type { Reply } from '../contract/operations.ts'
import { readIfThere } from '../home/files.ts'
import type { Home } from '../home/home.ts'
import type { Running } from '../home/running.ts'

/**
 * Asks the HSM of a home for its status, as any client would.
 * @throws HsmError `unavailable` when it does not serve
 */
export async function askStatus(home: Home, { host, port }: Running): Promise<Reply<'cluster.status'>> {
  const hsm = connect({ servers: [{ host, port }], trust: { ca: readIfThere(home.caCert) ?? '' } })
  try {
    return await hsm.call('cluster.status', {})
  } finally {
    hsm.close()
  }
}
