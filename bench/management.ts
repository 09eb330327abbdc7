/** List, share and unshare, held against the smallest durable commit SQLite makes on the same disk. */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { temporaryHome } from '../test/support/homes.ts'
import { byLabel, makeAes, reference, type World } from '../test/support/world.ts'
import { type Contender, race, type Standing } from './measure.ts'

const LANES = 64

export async function management(
  here: World,
  there: World,
): Promise<readonly [string, readonly Standing[]][]> {
  using disk = temporaryDatabase()
  const [mine, theirs] = [await keys(here), await keys(there)]
  const list = (world: World) => (lane: number) =>
    world.as('alice', 'key.list', { filter: byLabel(`bench-${lane}`), verbose: true })
  const ceiling: Contender = { name: 'one row in SQLite, fsync', inFlight: 1, operation: disk.commit }
  const listHere = rows('in process', list(here))
  const listThere = rows('over HTTPS', list(there)).map((row, at) => ({
    ...row,
    against: listHere[at] ?? row,
  }))
  const changes = [...rows('in process', toggle(here, mine)), ...rows('over HTTPS', toggle(there, theirs))]
  return [
    ['AES-256 key list, one key by label, verbose', await race([...listHere, ...listThere])],
    [
      'AES-256 key share and unshare, in turn',
      await race([ceiling, ...changes.map((row) => ({ ...row, against: ceiling }))]),
    ],
  ]
}

const rows = (where: string, operation: Contender['operation']): Contender[] =>
  [1, LANES].map((inFlight) => ({ name: `Hsm.call ${where}`, inFlight, operation }))

async function keys(world: World): Promise<readonly string[]> {
  const references: string[] = []
  for (let lane = 0; lane < LANES; lane++) references.push(await makeAes(world, 'alice', `bench-${lane}`))
  return references
}

/** Each lane has a key of its own and shares and unshares it by turns. */
function toggle(world: World, references: readonly string[]): Contender['operation'] {
  const shared = new Set<number>()
  return (lane) => {
    const verb = shared.delete(lane) ? 'key.unshare' : 'key.share'
    if (verb === 'key.share') shared.add(lane)
    return world.as('alice', verb, {
      filter: reference(references[lane] ?? ''),
      usernames: ['bob'],
      role: 'crypto-user',
    })
  }
}

/** The smallest durable change SQLite can make. */
function temporaryDatabase(): Disposable & { commit(): void } {
  const { home, remove } = temporaryHome()
  const database = new DatabaseSync(join(home.root, 'commit.db'))
  database.exec(
    'PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(k INTEGER PRIMARY KEY, v BLOB) STRICT',
  )
  const put = database.prepare('INSERT INTO t VALUES(1, ?) ON CONFLICT(k) DO UPDATE SET v = excluded.v')
  const value = Buffer.alloc(1500)
  let round = 0
  return {
    commit() {
      value.writeUInt32BE(round++) // a value that is there already would not be written
      put.run(value)
    },
    [Symbol.dispose]() {
      database.close()
      remove()
    },
  }
}
