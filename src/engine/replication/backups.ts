/** Backups that are being read: the state they are of, held still while the HSM goes on. */
import { type BackupSealers, type Entry, sealPart, writeEntry } from '../../backup/parts.ts'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { SessionEnds } from '../../session/sessions.ts'

type Part = { readonly sealed: Buffer; readonly last: boolean }

export interface Backups {
  /** A session has one at the most. Throws `busy` when there are too many. */
  open(session: string, backup: Opened): void
  /** Throws `backup-not-found`, or `invalid-request` when the part before it is still being made. */
  next(session: string, id: string): Promise<Part>
}

type Opened = {
  readonly id: string
  readonly entries: AsyncIterator<Entry>
  readonly sealers: BackupSealers
  /** Of its records. */
  readonly format: number
}

type Backup = Opened & {
  index: number
  /** The first entry of the next part, once it has been looked at. */
  ahead: IteratorResult<Entry> | undefined
  busy: boolean
}

/** A backup ends with its session, and with its last part. */
export function createBackups(sessions: SessionEnds): Backups {
  const bySession = new Map<string, Backup>()
  sessions.onEnd(({ id }) => void bySession.delete(id))
  return {
    open(session, backup) {
      if (bySession.size >= LIMITS.backups && !bySession.has(session)) {
        throw new HsmError('busy', `${LIMITS.backups} backups are being made already; try again`)
      }
      bySession.set(session, { ...backup, index: 0, ahead: undefined, busy: false })
    },
    async next(session, id) {
      const backup = bySession.get(session)
      if (backup?.id !== id) throw new HsmError('backup-not-found')
      if (backup.busy) throw new HsmError('invalid-request', 'Another part of this backup is being made')
      backup.busy = true
      try {
        const part = await makePart(backup)
        if (part.last && bySession.get(session) === backup) bySession.delete(session)
        return part
      } finally {
        backup.busy = false
      }
    },
  }
}

/** As many entries as make a part; the last part is known to be by looking one entry ahead. */
async function makePart(backup: Backup): Promise<Part> {
  let text = ''
  let found = backup.ahead ?? (await backup.entries.next())
  while (!found.done && text.length < LIMITS.backupPartBytes) {
    text += writeEntry(found.value, backup.format)
    found = await backup.entries.next()
  }
  backup.ahead = found
  const last = found.done === true
  return { sealed: sealPart(backup.sealers, text, backup.index++, last), last }
}
