/** What the commands of the CLI are made of: data that help, parser, completion and the reference all read. */
import type { OperationName, Reply, Request } from '../contract/operations.ts'
import type { Role } from '../contract/users.ts'

export type Option = {
  readonly help: string
  /** The name that help shows for the value; an option without one is a flag. */
  readonly value?: string
  /** Takes any number of words up to the next option, and may be repeated. */
  readonly many?: true
  /** Of those it may take none; any other that is given needs a value. */
  readonly maybeNone?: true
  /** The value may be empty: what is done with it says what that means, or refuses it. */
  readonly mayBeEmpty?: true
  /** The value is a whole number. */
  readonly count?: true
  readonly required?: true
  /** Stands by itself, without the name. */
  readonly positional?: true
  readonly short?: string
  /** Not required when that flag is given. */
  readonly unless?: string
  /** The flag without which it means nothing. */
  readonly needs?: string
  /** Options that contradict it. */
  readonly conflicts?: readonly string[]
  /** What holds when the option is left out. */
  readonly fallback?: string
  /** The only values accepted, each with its help, which may be empty. */
  readonly choices?: Readonly<Record<string, string>>
  /** Of the options with the same group exactly one is given. */
  readonly group?: string
  /** Not in the CLI of AWS. Help lists it apart. */
  readonly extension?: true
  /** The value is the path of a file to write; `-` stands for standard output. */
  readonly writes?: true
  /** What the shell can offer for the value. */
  readonly completes?: 'filter' | 'username' | 'attribute'
}

/** Values that need no help of their own. */
export const choices = <const N extends string>(names: readonly N[]) =>
  Object.fromEntries(names.map((name) => [name, ''])) as Readonly<Record<N, ''>>

/** By long name, in the order of the help. */
export type Options = Readonly<Record<string, Option>>

export type ArgValue = string | number | boolean | string[]
export type ArgValues = Readonly<Record<string, ArgValue | undefined>>

type ValueOf<O extends Option> = O extends { readonly many: true }
  ? string[]
  : O extends { readonly count: true }
    ? number
    : O extends { readonly choices: infer C }
      ? keyof C & string
      : O extends { readonly value: string }
        ? string
        : true

type IsGiven<O extends Option> = O extends { readonly unless: string }
  ? false
  : O extends { readonly required: true }
    ? true
    : false

/** What `run` receives for the options of a command. */
export type Args<S extends Options> = {
  readonly [K in keyof S as IsGiven<S[K]> extends true ? K : never]: ValueOf<S[K]>
} & {
  readonly [K in keyof S as IsGiven<S[K]> extends true ? never : K]?: ValueOf<S[K]>
}

/** Asks an HSM, with the session of the login if there is one. */
export type Call = <K extends OperationName>(operation: K, request: Request<K>) => Promise<Reply<K>>

/** What a command can do to the cluster it was given. */
export type Context = {
  readonly call: Call
  /**
   * Asks for the password when there is none and somebody can be logged in.
   * @throws HsmError `already-logged-in` before anything is asked
   */
  login(
    username: string,
    role: Role,
    password: string | undefined,
  ): Promise<{ username: string; role: string }>
  logout(): Promise<void>
  /** Prompts twice for a password to be set. */
  askNewPassword(): Promise<string>
  /** Takes what a command writes to standard output in place of a file. */
  standardOutput(bytes: Uint8Array): void
  /** For work that may take long. `besideOutput`: the command prints while it works. */
  progress(besideOutput?: boolean): Progress
}

/** Tells a person at a terminal how far work is; nobody else is told. */
export type Progress = {
  show(done: number, total: number): void
  /** @param summary of work that took long */
  end(summary?: string): void
}

/** The `data` of a reply; in pieces, it is JSON as it is printed. */
export type Data = string | object | AsyncGenerator<string>

/** A command that talks to a cluster. */
export type Action = {
  readonly options: Options
  /** Needs no login. */
  readonly anyone?: true
  /** Its page in `help` is that of the CLI of AWS to the letter; extensions are on `-h` and `--help`. */
  readonly plainPage?: true
  /** How many lines it asks for when it is not given `--password`. */
  readonly asks?: number
  /** Why it is of no use where it stands in the tree. */
  readonly refused?: string
  /** Whether data tells of a failure. */
  readonly failed?: (data: Data) => boolean
  readonly run: (args: ArgValues, context: Context) => Promise<Data>
}

/** A command that talks to two clusters, and needs a login to both. */
export type Replication = {
  readonly options: Options
  readonly replicate: (args: ArgValues, clusters: Clusters) => Promise<Data>
}

type Clusters = { readonly source: Call; readonly destination: Call }

/** A command about the program itself, or about the agent beside it. */
export type ModeSwitch = Shape & { readonly mode: Mode }

export type Mode = 'interactive' | 'quit' | `agent ${AgentCommand}`
export type AgentCommand = 'start' | 'serve' | 'status' | 'lock' | 'stop'

export type Command = Action | Replication | ModeSwitch

/** What help and parser need of a command of any program. */
export type Shape = {
  readonly options: Options
  /** Command lines that its help shows. */
  readonly examples?: readonly string[]
}

type Named = {
  readonly name: string
  readonly about: string
  /** Works, but is not shown. */
  readonly hidden?: true
  /** Not in the CLI of AWS. Help lists it apart. */
  readonly extension?: true
}

/** A command with its name. */
export type Leaf<C extends Shape = Command> = Named & { readonly command: C }

/** Commands with a name in common. A table that is a function is read from disk when it is first needed. */
export type Group<C extends Shape = Command> = Named & {
  readonly commands: Rows<C> | (() => Promise<Rows<C>>)
  /** What the name does when none of the commands is named. */
  readonly alone?: C
}

/** A table of commands, in the order of the help. */
export type Rows<C extends Shape = Command> = readonly (Group<C> | Leaf<C>)[]

/** A group whose table has been read. */
export type OpenGroup<C extends Shape = Command> = Group<C> & { readonly commands: Rows<C> }

/** Reads the group's table, from its module if it is loaded lazily. */
export async function opened<C extends Shape>(group: Group<C>): Promise<OpenGroup<C>> {
  const { commands } = group
  return { ...group, commands: typeof commands === 'function' ? await commands() : commands }
}

/** The top of a command tree. */
export type Root<C extends Shape = Command> = OpenGroup<C> & {
  /** Accepted by every command, and shown by none. */
  readonly options: Options
  /** Printed by `--version`, where there is such an option. */
  readonly version?: string
  /** Usage lines begin with the name of the program, for it has no shell of its own. */
  readonly noShell?: true
}

/** From the root to a group or a command, both included. */
export type Path<C extends Shape = Command> = readonly [Root<C>, ...(OpenGroup<C> | Leaf<C>)[]]

export const CLUSTER_ID = {
  value: 'CLUSTER_ID',
  help: 'Unique Id to choose which of the clusters in the config file to run the operation against. If not provided, will fall back to the value provided when interactive mode was started, or error',
} as const satisfies Option

/** A row of a table of commands, without what carries the command out. */
type Row<S extends Options> = Named &
  Omit<Action, 'run' | 'options'> & {
    /** Its own; most commands take `--cluster-id` as well. */
    readonly options: S
  }

/** A command that does more than one operation, or something with the reply. */
export function action<const S extends Options>(
  row: Row<S> & { run(args: Args<S>, context: Context): Promise<Data> },
): Leaf {
  const { name, about, hidden, extension, options, run, ...rest } = row
  return {
    ...named(row),
    // The parser hands over exactly what the options promise.
    command: { ...rest, options: { 'cluster-id': CLUSTER_ID, ...options }, run: run as Action['run'] },
  }
}

/** A command that is one operation. `output`: what is printed of the reply; left out, all of it. */
export const command = <const S extends Options, K extends OperationName>({
  operation,
  request,
  output,
  ...row
}: Row<S> & {
  readonly operation: K
  request(args: Args<S>, context: Context): Request<K> | Promise<Request<K>>
  output?(reply: Reply<K>): Data
}): Leaf =>
  action<S>({
    ...row,
    async run(args, context) {
      const reply = await context.call(operation, await request(args, context))
      return output ? output(reply) : reply
    },
  })

const SOURCE = { value: 'SOURCE_CLUSTER_ID', required: true, help: 'Source cluster ID' } as const
const DESTINATION = { ...SOURCE, value: 'DESTINATION_CLUSTER_ID', help: 'Destination cluster ID' } as const

/** A command between two clusters; their two options take the place of `--cluster-id`. */
export function replication<const S extends Options>(
  row: Named & { readonly options: S; replicate(args: Args<S>, clusters: Clusters): Promise<Data> },
): Leaf {
  const options = {
    ...row.options,
    'source-cluster-id': SOURCE,
    'destination-cluster-id': DESTINATION,
  }
  return { ...named(row), command: { options, replicate: row.replicate as Replication['replicate'] } }
}

const named = ({ name, about, hidden, extension }: Named): Named => ({
  name,
  about,
  ...(hidden && { hidden }),
  ...(extension && { extension }),
})
