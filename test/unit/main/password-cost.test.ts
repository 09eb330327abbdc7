/** Tests let hashes of passwords cost little; an HSM of which nothing is said does not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { openHsm } from '../../../src/main/open-hsm.ts'
import { openEmbeddedStore } from '../../../src/node/embedded-store.ts'
import { temporaryHome } from '../../support/homes.ts'
import { PASSWORD } from '../../support/world.ts'

test('an HSM hashes passwords at the full cost', async (t) => {
  const { home, remove } = temporaryHome()
  t.after(remove)
  const served = await openHsm({ home, listen: { host: '127.0.0.1', port: 0 }, log: () => undefined })
  await served.hsm.call('cluster.activate', { password: PASSWORD })
  await served.close({ graceMs: 0 })
  const { store } = openEmbeddedStore(home)
  const admin = store.catalog.users().find(({ username }) => username === 'admin')
  await store.close()
  assert.match(admin?.password ?? '', /^\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
})
