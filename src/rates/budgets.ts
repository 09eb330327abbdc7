/** What each of many may spend in a while: token buckets by name, in bounded memory. */

export type Budgets = {
  /** Whether anything is left of what this name may spend. */
  has(name: string): boolean
  /** Spends it, also when less is left: the debt is paid off before anything is left again. */
  charge(name: string, amount: number): void
  refund(name: string, amount: number): void
}

export type BudgetsNeeds = {
  /** What comes back in a second, and the most that can be saved up. Nobody owes more than that either. */
  readonly perSecond: number
  readonly burst: number
  /** Names that are told apart. Beyond them, new ones share one budget until others have theirs back. */
  readonly names: number
  /** Milliseconds on a clock that never steps. */
  readonly monotonic: () => number
}

type Budget = { left: number; at: number }

const OTHERS = Symbol('others')

/** Every name has a full budget at first. */
export function createBudgets({ perSecond, burst, names, monotonic }: BudgetsNeeds): Budgets {
  const budgets = new Map<string | typeof OTHERS, Budget>()
  const current = (budget: Budget): Budget => {
    const now = monotonic()
    budget.left = Math.min(burst, budget.left + ((now - budget.at) * perSecond) / 1000)
    budget.at = now
    return budget
  }
  /** Who has spent nothing is like somebody who was never here. */
  const forgetFull = () => {
    for (const [name, budget] of budgets) if (current(budget).left >= burst) budgets.delete(name)
  }
  const keyOf = (name: string) => {
    if (budgets.has(name) || budgets.size < names) return name
    forgetFull()
    return budgets.size < names ? name : OTHERS
  }
  const add = (name: string, amount: number) => {
    const key = keyOf(name)
    const budget = current(budgets.get(key) ?? { left: burst, at: monotonic() })
    budget.left = Math.min(burst, Math.max(-burst, budget.left + amount))
    budgets.set(key, budget)
  }
  return {
    has(name) {
      const budget = budgets.get(budgets.has(name) ? name : keyOf(name))
      return budget === undefined || current(budget).left > 0
    },
    charge: (name, amount) => add(name, -amount),
    refund: (name, amount) => add(name, amount),
  }
}
