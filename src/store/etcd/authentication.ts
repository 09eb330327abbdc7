/** Logs in to etcd, if it asks for a user and password. */
import { Metadata } from '@grpc/grpc-js'
import type { Rpc, RpcResult } from './rpc.ts'
import { Auth } from './rpc_pb.ts'

/** Of etcd itself, when it asks for users; none of the HSM's. */
export type EtcdUser = { readonly username: string; readonly password: string }

export interface Authentication {
  /** For a call as the user; the token in it is asked for when there is none. */
  metadata(): Promise<RpcResult<Metadata>>
  /** Forgets a token that etcd does not take any more. */
  expire(): void
  /** Logs in as this user from now on. */
  renew(user: EtcdUser | undefined): void
}

/** argon2 is ours; etcd checks passwords with bcrypt, which takes it some 50 ms and more under load. */
const LOGIN_MS = 5000

/** Logs in when a token is needed. Without a user calls go without one. */
export function createAuthentication(rpc: Rpc, first: EtcdUser | undefined): Authentication {
  let user = first
  let token: Promise<RpcResult<string>> | undefined

  async function logIn({ username, password }: EtcdUser): Promise<RpcResult<string>> {
    const request = { name: username, password }
    const answer = await rpc.send(Auth.method.authenticate, request, new Metadata(), LOGIN_MS)
    if ('value' in answer) return { value: answer.value.token }
    token = undefined
    return answer
  }

  return {
    async metadata() {
      const metadata = new Metadata()
      // A member that has lost its leader refuses or ends the call instead of leaving it open.
      metadata.set('hasleader', 'true')
      if (!user) return { value: metadata }
      token ??= logIn(user)
      const answer = await token
      if ('failure' in answer) return answer
      metadata.set('token', answer.value)
      return { value: metadata }
    },
    expire() {
      token = undefined
    },
    renew(fresh) {
      user = fresh
      token = undefined
    },
  }
}
