/** A cluster that a command reaches through the agent, which has a connection to it and holds a login. */
import type { Socket } from 'node:net'
import { dirname } from 'node:path'
import { ERRORS, type ErrorCode, HsmError } from '../../contract/errors.ts'
import { LIMITS } from '../../contract/limits.ts'
import type { OperationName, Reply, Request } from '../../contract/operations.ts'
import type { ClusterClient } from '../cluster-clients.ts'
import type { Credentials } from '../cluster-login.ts'
import {
  type Answer,
  type Control,
  createMessageReader,
  encodeMessage,
  type Note,
  type Opening,
  type Question,
} from './messages.ts'

/** An agent answers at once, also when no HSM does. */
const PATIENCE_MS = 5_000

export type AgentConnection = {
  /** @throws HsmError as the agent says; `unavailable` when it is gone; `AgentUseless` */
  ask(question: Question): Promise<object>
  close(): void
}

/** Why the agent cannot be used; a command does without it then. */
export class AgentUseless extends Error {}

/**
 * @param path of its socket
 * @param onNote what the agent has for standard error
 * @throws AgentUseless
 */
export async function connectAgent(path: string, onNote: (text: string) => void): Promise<AgentConnection> {
  checkOwner(path)
  const socket = process.getBuiltinModule('node:net').connect(path)
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  socket.once('connect', resolve)
  socket.once('error', (error: NodeJS.ErrnoException) => reject(new AgentUseless(reasonOf(error.code))))
  await promise
  return conversation(socket, onNote)
}

const reasonOf = (code: string | undefined): string =>
  code === 'ECONNREFUSED' || code === 'ENOENT' ? 'it is not running' : `it cannot be reached (${code})`

/** The password is for this user's agent and nobody else's. */
function checkOwner(path: string): void {
  const { lstatSync } = process.getBuiltinModule('node:fs')
  const user = process.getuid?.()
  const [socket, directory] = [path, dirname(path)].map((name) => lstatSync(name, { throwIfNoEntry: false }))
  if (!socket || !directory) throw new AgentUseless('it is not running')
  const isOwn =
    socket.isSocket() && [socket, directory].every(({ uid, mode }) => uid === user && (mode & 0o077) === 0)
  if (!isOwn) throw new AgentUseless('its socket is not this user’s alone')
}

function conversation(socket: Socket, onNote: (text: string) => void): AgentConnection {
  const waiting: PromiseWithResolvers<object>[] = []
  const read = createMessageReader(LIMITS.replyBytes)
  socket.on('data', (piece: Buffer) => {
    const messages = read(piece)
    if (!messages) return void socket.destroy()
    for (const message of messages as (Answer | Note)[]) {
      if ('note' in message) onNote(message.note)
      else settle(waiting.shift(), message)
    }
  })
  socket.on('error', () => undefined) // 'close' follows
  socket.on('close', () => {
    for (const { reject } of waiting.splice(0)) reject(gone())
  })
  return {
    ask(question) {
      const answer = Promise.withResolvers<object>()
      if (socket.destroyed) return Promise.reject(gone())
      waiting.push(answer)
      const message = encodeMessage(question)
      socket.write(message, () => message.fill(0))
      return answer.promise
    },
    close: () => void socket.destroy(),
  }
}

function settle(waiting: PromiseWithResolvers<object> | undefined, answer: Answer): void {
  if ('ok' in answer) waiting?.resolve(answer.ok)
  else if ('useless' in answer) waiting?.reject(new AgentUseless(answer.useless))
  else waiting?.reject(refusal(answer.refused))
}

const refusal = ({ code, message }: { readonly code: string; readonly message: string }): HsmError =>
  new HsmError(Object.hasOwn(ERRORS, code) ? (code as ErrorCode) : 'internal', message)

const gone = (): HsmError =>
  new HsmError(
    'unavailable',
    'The agent ended the connection; the operation may have been carried out or not',
  )

/**
 * The cluster of a command. When the login that the agent holds has ended, the command logs in again, as it would without an agent.
 *
 * @throws HsmError as it would without an agent; `AgentUseless`
 */
export async function openThroughAgent(agent: AgentConnection, opening: Opening): Promise<ClusterClient> {
  const silence = setTimeout(() => agent.close(), PATIENCE_MS)
  const opened = await agent
    .ask({ open: opening })
    .catch((error: unknown) => {
      throw error instanceof HsmError && error.code === 'unavailable'
        ? new AgentUseless('it does not answer')
        : error
    })
    .finally(() => clearTimeout(silence))
  const { clusterId, username } = opened as { readonly clusterId: string; readonly username?: string }
  let current = username
  let again: (() => Credentials) | undefined

  async function login(question: Extract<Question, { login: Credentials }>) {
    const proven = (await agent.ask(question)) as { readonly username: string; readonly role: string }
    current = proven.username
    return proven
  }

  const call = <K extends OperationName>(operation: K, request: Request<K>): Promise<Reply<K>> =>
    agent.ask({ call: operation, request }) as Promise<Reply<K>>

  return {
    clusterId,
    username: () => current,
    async call(operation, request) {
      try {
        return await call(operation, request)
      } catch (error) {
        if (!again || !(error instanceof HsmError && error.code === 'not-logged-in')) throw error
        await login({ login: again(), again: true })
        return call(operation, request)
      }
    },
    login(who, options = {}) {
      again = options.again
      return login({ login: who })
    },
    async logout() {
      await agent.ask({ logout: true })
      current = undefined
    },
    close: async () => agent.close(),
  }
}

/** Asks the agent about itself. @throws AgentUseless, HsmError */
export async function controlAgent(path: string, control: Control): Promise<object> {
  const agent = await connectAgent(path, () => undefined)
  try {
    return await agent.ask({ control })
  } finally {
    agent.close()
  }
}
