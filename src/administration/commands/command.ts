/** What the commands of `strongroom` are made of: rows that help, parser and the reference read, and that carry themselves out. */
import type { Credentials } from '../../cli/cluster-login.ts'
import type { Args, ArgValues, Leaf, Options, Shape } from '../../cli/spec.ts'
import type { Home } from '../../home/home.ts'
import type { AgentSource } from '../../pkcs11-socket/keeper-start.ts'
import type { Outcome } from '../outcome.ts'
import type { StartOptions } from '../start-plan.ts'

/** What the agent of a machine without an HSM serves, and where. */
export type AgentOptions = AgentSource & {
  /** Absolute. */
  readonly socket: string
  /** The socket was named, and is the only one that is wanted. */
  readonly named: boolean
}

/** Whose PKCS#11 programs are kept: those of the HSM of a home, or of an agent. */
export type Keeping = { readonly home: Home } | AgentSource

/** What commands need of the program that they are part of. */
export type CommandNeeds = {
  /** @param given value of `--home` */
  homeOf(given: string | undefined): Home
  /** Who a command on the running HSM logs in as. Throws HsmError when nobody has said so. */
  credentials(): Promise<Credentials>
  /** On standard output. */
  print(text: string): Promise<void>
  /** Unix time in milliseconds. */
  now(): number
  /** Serves the HSM in this process. */
  serve(home: Home, options: StartOptions): Promise<Outcome>
  /** @param words of the options, besides the home */
  detach(home: Home, words: readonly string[]): Promise<Outcome>
  serveAgent(options: AgentOptions): Promise<Outcome>
  keepPrograms(whose: Keeping): Promise<Outcome>
  demo(): Promise<Outcome>
}

type Work = () => Promise<Outcome>

export type Task = Shape & {
  /**
   * From options to the work. What the options mean is settled before any of it.
   *
   * @throws HsmError `invalid-request` when an option means nothing
   */
  readonly settle: (options: ArgValues, needs: CommandNeeds) => Work
}

type Row<S extends Options> = Omit<Leaf, 'command'> & {
  readonly options: S
  readonly examples?: readonly string[]
  settle(options: Args<S>, needs: CommandNeeds): Work
}

/** A command of `strongroom`. What its work needs is loaded by the work. */
export const task = <const S extends Options>({
  options,
  examples = [],
  settle,
  ...named
}: Row<S>): Leaf<Task> => ({
  ...named,
  // The parser hands over exactly what the options promise.
  command: { options, examples, settle: settle as Task['settle'] },
})

/** In examples, in front of a command that logs in. */
export const AS_ADMIN = "CLOUDHSM_ROLE=admin CLOUDHSM_PIN='admin:PASSWORD'"
