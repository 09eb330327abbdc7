/** Makes a join token for one more node. */
import { randomBytes } from 'node:crypto'
import { HsmError } from '../contract/errors.ts'
import { type Home, startCommand } from '../home/home.ts'
import { withMasterKey } from '../home/master-key.ts'
import { createEtcdClient } from '../store/etcd/client.ts'
import { nameOf, SECRET_BYTES, sealMasterKey, TOKEN_SECONDS, writeJoinToken } from './join-token.ts'
import { storeJoinToken } from './join-tokens.ts'
import { accessOf, readSettings } from './settings.ts'

/**
 * Works on the home alone, whether its HSM runs or not: who can read the master key needs no other proof.
 *
 * @param now Unix time in milliseconds
 * @returns the join token
 * @throws HsmError `invalid-request` when the home is not that of a node, `store-failure` when etcd does not answer
 */
export async function invite(home: Home, now: number): Promise<string> {
  const settings = readSettings(home)
  if (!settings) {
    throw new HsmError(
      'invalid-request',
      `${home.root} is not the home of a node on etcd; make it one with: ${startCommand(home, '--etcd URL')}`,
    )
  }
  const { clusterId, etcd } = settings
  const secret = randomBytes(SECRET_BYTES)
  const expiresAt = now + TOKEN_SECONDS * 1000
  const token = { clusterId, endpoints: etcd.endpoints, secret, expiresAt }
  const sealed = withMasterKey(home.masterKey, undefined, (key) => sealMasterKey(token, key))
  const client = createEtcdClient(accessOf(etcd))
  try {
    await storeJoinToken(client, { clusterId, name: nameOf(token) }, sealed, TOKEN_SECONDS)
    return writeJoinToken(token)
  } finally {
    secret.fill(0)
    client.close()
  }
}
