import type { Handler } from '../pipelines.ts'

export const backupNext: Handler<'backup.next'> = async ({ backups }, { actor }, { backup }) => {
  const { sealed, last } = await backups.next(actor.session, backup)
  return { part: sealed.toString('base64'), last }
}
