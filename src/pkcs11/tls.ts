/** PKCS#11 on the port of the HSM, for programs on other machines. */
import type { CallSource } from '../contract/call-source.ts'
import { callerOf, type Hsm } from '../contract/hsm.ts'
import type { AnonymousShare } from '../listener/anonymous-share.ts'
import type { Connection } from '../listener/connection.ts'
import type { Protocol } from '../listener/tls.ts'
import type { Pkcs11 } from './serve.ts'

export type Pkcs11OverTlsNeeds = {
  readonly pkcs11: Pkcs11
  readonly anonymous: AnonymousShare
  /** Of an HSM that does not, programs go on to the next one. */
  readonly isServing: (source: CallSource) => boolean
}

/** The same frames as on the Unix socket, with the budgets of the listener. */
export const pkcs11OverTls = ({ pkcs11, anonymous, isServing }: Pkcs11OverTlsNeeds): Protocol => ({
  start(socket, connection) {
    const { remote: address = '-', peer: behind } = connection
    // People take their time to enter a PIN. Meanwhile the connection gives way to others, as any without a session.
    connection.established(() => socket.end(), 'idle')
    if (!isServing({ kind: 'pkcs11', address })) return connection.destroy()
    connection.onGone(() => setImmediate(() => socket.destroy()))
    const served = pkcs11.serve(socket, {
      peer: { address, behind },
      through: (hsm) => limited(hsm, anonymous, behind),
      mayReturn: true,
      anonymous: {
        has: () => anonymous.has(behind),
        charge: (ms) => anonymous.charge(behind, ms),
        msPerByte: anonymous.msPerByte,
      },
      onLogin(isLoggedIn) {
        if (isLoggedIn) connection.showedSession()
        connection.keepWhenIdle(isLoggedIn)
      },
      onWait: () => waiting(connection),
    })
    void served.finally(connection.destroy)
  },
})

/** It neither gives way nor ends meanwhile. */
function waiting(connection: Connection): () => void {
  const release = connection.hold()
  const over = connection.begin()
  return () => {
    release()
    over()
  }
}

/** Calls without a session are some of those that all peers without a login have together. */
function limited(hsm: Hsm, anonymous: AnonymousShare, peer: string): Hsm {
  const call: Hsm['call'] = async (operation, request, session, source) => {
    const over = anonymous.begin(peer)
    try {
      return await hsm.call(operation, request, session, source)
    } finally {
      over()
    }
  }
  return {
    call: (operation, request, session, source) =>
      (session === undefined ? call : hsm.call)(operation, request, session, source),
    caller: (session, source) =>
      session === undefined
        ? (operation, request) => call(operation, request, undefined, source)
        : callerOf(hsm, session, source),
  }
}
