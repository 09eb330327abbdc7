/**
 * A process that writes to the store in the directory of its first argument and prints the revision of every commit
 * once it is acknowledged, several at a time; until it is killed, or a commit fails and it is told to go on.
 */
import { once } from 'node:events'
import type { HsmError } from '../../src/contract/errors.ts'
import type { Store } from '../../src/store/store.ts'
import { contents, logged, put, sampleCluster, sampleKey, sampleUser } from '../contract/store-samples.ts'
import { openStore } from '../contract/store-sqlite.ts'

const AT_A_TIME = 4

/** Each commit raises two records together, makes a key, deletes an older one, and adds to the log. */
const next = (store: Store) =>
  store.transact((view) => {
    const count = (view.cluster()?.nextReference ?? 0) + 1
    const entry = logged(view, 'hsm-1', `write ${count}`)
    const records = put(sampleCluster(count), sampleUser(1, { ordinal: count }), sampleKey(count))
    const oldest = { delete: `key/${sampleKey(count - 20).id}` } as const
    return { ...entry, writes: [...records.writes, ...(count > 20 ? [oldest] : []), ...entry.writes] }
  })

const say = (word: string) => process.stdout.write(`${word}\n`)

const store = openStore(process.argv[2] ?? '')
for (;;) {
  const before = JSON.stringify(contents(store.catalog))
  const commits = await Promise.allSettled(Array.from({ length: AT_A_TIME }, () => next(store)))
  for (const commit of commits) if (commit.status === 'fulfilled') say(`${commit.value.revision}`)
  const failed = commits.find((commit) => commit.status === 'rejected')
  if (failed) {
    const { code, message } = failed.reason as HsmError
    say(JSON.stringify({ code, message, unchanged: JSON.stringify(contents(store.catalog)) === before }))
    await once(process.stdin, 'data')
  }
}
