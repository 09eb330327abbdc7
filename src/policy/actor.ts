import type { ShownRole } from '../contract/users.ts'

/** Who asks. Before login that is nobody. */
export type Actor = {
  /** User id; empty for nobody. */
  readonly id: string
  readonly username: string
  readonly role: ShownRole | 'nobody'
  /** Id of the session, not its token; empty for nobody. */
  readonly session: string
}

export const NOBODY: Actor = { id: '', username: '-', role: 'nobody', session: '' }
