/** `strongroom backup create`: has the running HSM of a home make a backup, and writes it to a file. */
import { framed } from '../../backup/frames.ts'
import { parseHeader, writeFirstLine, writeHeader } from '../../backup/header.ts'
import { sealersOf, sealHeader } from '../../backup/parts.ts'
import { openWithMasterKey, passphraseWay } from '../../backup/ways.ts'
import { isStandardOutput } from '../../base/standard-streams.ts'
import type { Credentials } from '../../cli/cluster-login.ts'
import type { Hsm } from '../../contract/hsm.ts'
import type { Reply } from '../../contract/operations.ts'
import { KEY_COST } from '../../crypto/passphrase.ts'
import type { Home } from '../../home/home.ts'
import { withMasterKey } from '../../home/master-key.ts'
import { loggedIn } from '../logged-in.ts'
import { done, type Outcome } from '../outcome.ts'
import { refuseExisting, save } from './saving.ts'

export type CreateOptions = {
  /** An admin. */
  readonly who: Credentials
  /** Path of the new file, or what stands for standard output. */
  readonly to: string
  /** Opens the backup, too. */
  readonly passphrase: string | undefined
}

/** @throws HsmError, or an error of the operating system; there is no file then */
export async function createBackup(home: Home, { who, to, passphrase }: CreateOptions): Promise<Outcome> {
  refuseExisting(to)
  return loggedIn(home, who, async (hsm, token) => {
    const begun = await hsm.call('backup.begin', {}, token)
    const proven = passphrase === undefined ? begun : await openedBy(home, begun, passphrase)
    const bytes = await save(to, bytesOf(hsm, token, begun.backup, proven))
    const { 'cluster-id': clusterId } = parseHeader(proven.header)
    const opens = passphrase === undefined ? 'The master key opens' : 'The master key and the passphrase open'
    const said = done(
      `Wrote a backup of ${clusterId} to ${to}: ${begun.keys} keys, ${begun.users} users, ${bytes} bytes.\n${opens} it.`,
    )
    return isStandardOutput(to) ? { ...said, on: 'stderr' } : said
  })
}

type Proven = Pick<Reply<'backup.begin'>, 'header' | 'check'>

/**
 * The header with one more way to open the backup. It is added here, with the master key, and not by the HSM: an admin who
 * could choose a passphrase, and knows nothing else, could read every key.
 */
async function openedBy(home: Home, begun: Proven, passphrase: string): Promise<Proven> {
  const header = parseHeader(begun.header)
  const key = withMasterKey(home.masterKey, undefined, (masterKey) => openWithMasterKey(header, masterKey))
  try {
    const way = await passphraseWay(header, key, passphrase, KEY_COST)
    const line = writeHeader({ ...header, ways: [...header.ways, way] })
    return { header: line, check: sealHeader(sealersOf(key, header['cluster-id']), line) }
  } finally {
    key.fill(0)
  }
}

/** What is in the file of a backup that has begun. */
export async function* bytesOf(
  hsm: Hsm,
  token: string,
  backup: string,
  { header, check }: Proven,
): AsyncGenerator<Buffer> {
  const front = `${writeFirstLine(parseHeader(header))}\n${header}\n`
  yield Buffer.concat([Buffer.from(front), framed(check)])
  for (;;) {
    const { part, last } = await hsm.call('backup.next', { backup }, token)
    yield framed(part)
    if (last) return
  }
}
