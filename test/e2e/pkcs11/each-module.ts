/** The same tests of programs with both modules: p11-kit's, and our own. */
import { suite } from 'node:test'
import type { Skip } from './commands.ts'
import { needsOwnModule, ownModule } from './own-module.ts'
import { type Payments, payments } from './payments.ts'

/**
 * One suite for each module.
 *
 * @param needed what the programs themselves need
 * @param tests gets the company whose programs load the module
 * @param options of `strongroom start`
 */
export function withEachModule(
  name: string,
  needed: Skip,
  tests: (company: Payments) => void,
  ...options: readonly string[]
): void {
  suite(name, needed, () => tests(payments(...options)))
  const own = needed.skip ? needed : needsOwnModule()
  suite(`${name}, with our own module`, own, () => {
    const module = ownModule()
    tests({ ...payments(...options), module: module.path })
  })
}
