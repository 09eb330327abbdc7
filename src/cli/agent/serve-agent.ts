/** The agent's end of its socket: which questions it takes from a command, and what it does for them. */
import type { Socket } from 'node:net'
import * as v from 'valibot'
import { HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { OperationName, Request } from '../../contract/operations.ts'
import type { Connections } from './connections.ts'
import type { HeldLogin, HeldLogins, Target } from './held-logins.ts'
import { type Answer, createMessageReader, encodeMessage, type Note, type Opening } from './messages.ts'

export type Agent = {
  readonly version: string
  readonly logins: HeldLogins
  readonly connections: Connections
  /**
   * The cluster that a command means.
   *
   * @param note for standard error of the command
   * @throws HsmError as the command would without an agent; `Useless`
   */
  find(opening: Opening, note: (text: string) => void): Found
  /** What `agent status` prints. */
  status(): object
  /** Ends the process. */
  stop(): void
}

export type Found = {
  readonly clusterId: string
  /** Throws HsmError when its certificates cannot be read, which a command learns when it needs them. */
  readonly target: () => Target
}

/** What a command must do without the agent, and why. */
export class Useless extends Error {}

/** A connection that has not said what it wants after so long is closed. */
const SILENCE_MS = 10_000
/** Requests of one command that are under way; the next is read when the answer to one of them is written. */
const AT_ONCE = 64

const text = v.pipe(v.string(), v.maxLength(64 * 1024))
const opening = v.object({
  version: text,
  workingDirectory: text,
  homeDirectory: text,
  env: v.record(v.picklist(['STRONGROOM_HOME', 'CLOUDHSM_CLI_CONFIG']), text),
  config: v.optional(text),
  clusterId: v.optional(text),
  option: v.optional(v.picklist(['--cluster-id', '--source-cluster-id', '--destination-cluster-id'])),
  anyone: v.optional(v.literal(true)),
})
const credentials = v.object({
  username: v.string(),
  role: v.picklist(['admin', 'crypto-user']),
  password: v.string(),
})
const question = v.union([
  v.object({
    call: v.pipe(v.string(), v.regex(/^[a-z-]+\.[a-z-]+$/)),
    request: v.record(v.string(), v.unknown()),
  }),
  v.object({ login: credentials, again: v.optional(v.literal(true)) }),
  v.object({ open: opening }),
  v.object({ logout: v.literal(true) }),
  v.object({ control: v.picklist(['status', 'lock', 'stop']) }),
])
type Asked = v.InferOutput<typeof question>

/** A command on one connection. */
type Program = {
  target: (() => Target) | undefined
  login: HeldLogin | undefined
}

/** Serves one command until it hangs up, says what is no question, or gives way to another one. */
export function serveAgent(socket: Socket, agent: Agent): void {
  // Base64 and JSON around what an HSM takes.
  const read = createMessageReader(2 * LIMITS.bodyBytes)
  const program: Program = { target: undefined, login: undefined }
  let underWay = 0
  let unanswered = 0
  let inOrder = Promise.resolve()
  const { connections } = agent
  const close = () => void socket.destroy()
  const connection = { isBusy: () => unanswered > 0, close }
  if (!connections.admit(connection)) return void close()

  function write(message: Answer | Note, written?: () => void): void {
    if (!socket.destroyed) socket.write(encodeMessage(message), written)
  }

  function take(message: unknown): void {
    const asked = v.safeParse(question, message)
    if (!asked.success) return void close()
    socket.setTimeout(0)
    underWay += 1
    unanswered += 1
    if (underWay >= AT_ONCE) socket.pause()
    const answer = answered(() => ask(agent, program, asked.output, (note) => write({ note })))
    inOrder = inOrder.then(async () => {
      const message = await answer
      unanswered -= 1
      connections.used(connection)
      write(message, () => {
        underWay -= 1
        if (underWay < AT_ONCE) socket.resume()
      })
    })
  }

  socket.setTimeout(SILENCE_MS, close)
  socket.on('error', () => undefined)
  socket.on('close', () => connections.leave(connection))
  socket.on('data', (piece: Buffer) => {
    connections.used(connection)
    const messages = read(piece)
    if (!messages) return void close()
    for (const message of messages) take(message)
  })
}

async function answered(ask: () => Promise<object>): Promise<Answer> {
  try {
    return { ok: await ask() }
  } catch (error) {
    if (error instanceof Useless) return { useless: error.message }
    const { code, message } =
      error instanceof HsmError ? error : new HsmError('internal', `Unexpected error: ${String(error)}`)
    return { refused: { code, message } }
  }
}

async function ask(
  agent: Agent,
  program: Program,
  asked: Asked,
  note: (text: string) => void,
): Promise<object> {
  if ('open' in asked) return open(agent, program, asked.open as Opening, note)
  if ('control' in asked) return control(agent, asked.control)
  const { target } = program
  if (!target) throw new Useless('it was not told which cluster')
  if ('login' in asked) {
    const login = await agent.logins.login(target(), asked.login, asked.again === true)
    program.login = login
    return { username: login.username, role: login.role }
  }
  if ('logout' in asked) return logout(agent, program)
  return call(agent, program.login, target, asked.call as OperationName, asked.request)
}

function open(agent: Agent, program: Program, wanted: Opening, note: (text: string) => void): object {
  if (wanted.version !== agent.version) throw new Useless(`it is of version ${agent.version}`)
  const { clusterId, target } = agent.find(wanted, note)
  program.target = target
  if (wanted.anyone) program.login = agent.logins.only(target())
  return { clusterId, username: program.login?.username }
}

async function logout({ logins }: Agent, program: Program): Promise<object> {
  const { login } = program
  if (!login) throw new HsmError('not-logged-in')
  program.login = undefined
  await login.client.logout()
  await logins.end(login)
  return {}
}

function call(
  { logins }: Agent,
  login: HeldLogin | undefined,
  target: () => Target,
  operation: OperationName,
  request: Record<string, unknown>,
): Promise<object> {
  if (login) logins.used(login)
  const { call } = login?.client ?? logins.anonymous(target())
  return call(operation, request as Request<OperationName>)
}

async function control(agent: Agent, what: 'status' | 'lock' | 'stop'): Promise<object> {
  if (what === 'status') return agent.status()
  const ended = agent.logins.list().length
  await agent.logins.endAll()
  if (what === 'stop') agent.stop()
  return { ended }
}
