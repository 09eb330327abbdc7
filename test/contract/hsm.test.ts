import { suite } from 'node:test'
import * as v from 'valibot'
import { HsmError } from '../../src/contract/errors.ts'
import { type Caller, callerOf, type Hsm } from '../../src/contract/hsm.ts'
import { OPERATIONS, type OperationName, type Reply, type Request } from '../../src/contract/operations.ts'
import { wireJson } from '../../src/contract/wire-json.ts'
import { testEngine } from '../support/engine.ts'
import { onSqlite } from '../support/homes.ts'
import { fipsContract } from './hsm/fips.ts'
import { hsm1Contract } from './hsm/hsm1.ts'
import { hsmContract } from './hsm/suite.ts'

/** Every call of a session through one caller, which outlives the session: what has ended is refused all the same. */
function throughCallers(hsm: Hsm): Hsm {
  const callers = new Map<string | undefined, Caller>()
  return {
    async call(operation, request, session) {
      const caller = callers.get(session) ?? callerOf(hsm, session)
      callers.set(session, caller)
      return caller(operation, request)
    },
  }
}

/** The engine behind what a wire does to values: whatever JSON cannot carry is lost or refused. */
function throughJson(hsm: Hsm): Hsm {
  const carried = <T>(value: T): T => JSON.parse(wireJson(value as object)) as T
  return {
    async call<K extends OperationName>(operation: K, request: Request<K>, session?: string) {
      try {
        const reply = carried(await hsm.call(operation, carried(request), session))
        return v.parse(OPERATIONS[operation].reply, reply) as Reply<K>
      } catch (error) {
        if (error instanceof HsmError) throw new HsmError(error.code, error.message)
        throw error
      }
    },
  }
}

/** What a cluster was founded as is a matter of its engine alone, so one interface is enough. */
suite('engine in memory, founded otherwise', () => {
  fipsContract(async () => throughJson(await testEngine({ profile: { mode: 'fips' } })))
  hsm1Contract(async () => throughJson(await testEngine({ profile: { hsmType: 'hsm1.medium' } })))
})

hsmContract(
  'engine in memory',
  async () => {
    const engine = await testEngine()
    return { hsm: throughJson(throughCallers(engine)), close: async () => engine.close() }
  },
  { deliveredInOrder: true },
)

hsmContract('engine on SQLite', onSqlite, { deliveredInOrder: true })
