/** What people did, one after the other, how it was answered, and a way to wait for more of it. */
import assert from 'node:assert/strict'
import { type ErrorCode, HsmError } from '../../../src/contract/errors.ts'

export type Action = {
  readonly kind: 'grant' | 'revoke' | 'use'
  /** Which node was asked. */
  readonly node: number
}
export type Step = Action & { readonly outcome: 'ok' | ErrorCode }

type Watcher = { readonly since: number; readonly seen: (step: Step) => void }

/** How each may be answered while something is broken; anything else is a defect. */
const LOST = ['unavailable', 'not-serving', 'not-logged-in'] as const
const HONEST: Readonly<Record<Action['kind'], readonly Step['outcome'][]>> = {
  grant: ['ok', 'unconfirmed', 'store-failure', ...LOST],
  revoke: ['ok', 'unconfirmed', 'store-failure', ...LOST],
  use: ['ok', 'key-selection', 'revoked', 'key-availability', ...LOST],
}

/** Names who has not confirmed, and says by when it is in effect. */
const UNCONFIRMED =
  /^The change is committed; it is not yet confirmed by (hsm-\d(, hsm-\d)*|this HSM); it is in effect at the latest at \d{4}-\d\d-\d\dT[\d:.]+Z$/

export const isConfirmed = ({ kind, outcome }: Step): boolean => kind === 'revoke' && outcome === 'ok'

export const isUse =
  (node: number, outcome: Step['outcome'] = 'ok') =>
  (step: Step): boolean =>
    step.kind === 'use' && step.node === node && step.outcome === outcome

export function createSteps() {
  const watchers = new Set<Watcher>()
  const dishonest: string[] = []
  let begun = 0

  function judge({ kind }: Action, error: HsmError): void {
    const { code, message } = error
    const honest = HONEST[kind].includes(code) && (code !== 'unconfirmed' || UNCONFIRMED.test(message))
    if (!honest) dishonest.push(`${kind}: ${code}: ${message}`)
  }

  return {
    /** Does it, and tells how it was answered. */
    async record(action: Action, act: () => Promise<unknown>): Promise<Step['outcome']> {
      const number = ++begun
      let outcome: Step['outcome'] = 'ok'
      try {
        await act()
      } catch (error) {
        if (!(error instanceof HsmError)) throw error
        judge(action, error)
        outcome = error.code
      }
      for (const { since, seen } of watchers) if (number > since) seen({ ...action, outcome })
      return outcome
    },
    /** Resolves when so many such steps were begun after the call and have ended. */
    next(count: number, isSuch: (step: Step) => boolean): Promise<void> {
      const { promise, resolve } = Promise.withResolvers<void>()
      let left = count
      const watcher: Watcher = {
        since: begun,
        seen(step) {
          if (isSuch(step)) left -= 1
          if (left > 0) return
          watchers.delete(watcher)
          resolve()
        },
      }
      watchers.add(watcher)
      return promise
    },
    assertHonest: () => assert.deepEqual(dishonest, []),
  }
}
