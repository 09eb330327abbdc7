/** For commands that log in to the running HSM of a home, and to others of its cluster. */
import type { Credentials } from '../cli/cluster-login.ts'
import { connect } from '../client/connect.ts'
import type { ServerAddress } from '../client/failures.ts'
import type { Hsm } from '../contract/hsm.ts'
import { readIfThere } from '../home/files.ts'
import type { Home } from '../home/home.ts'
import { readRunning } from '../home/running.ts'
import { notRunning, type Outcome } from './outcome.ts'

/** The login ends with the connection, when `body` has ended. Throws HsmError. */
export async function loggedIn(
  home: Home,
  who: Credentials,
  body: (hsm: Hsm, token: string) => Promise<Outcome>,
): Promise<Outcome> {
  const running = readRunning(home)
  if (!running) return notRunning(home)
  const { hsm, token, close } = await logIn(home, running, who)
  try {
    return await body(hsm, token)
  } finally {
    close()
  }
}

/** The login ends with the connection, when it is closed. Throws HsmError. */
export async function logIn(
  home: Home,
  server: ServerAddress,
  who: Credentials,
): Promise<{ readonly hsm: Hsm; readonly token: string; readonly close: () => void }> {
  const hsm = connect({ servers: [server], trust: { ca: readIfThere(home.caCert) ?? '' }, bound: true })
  try {
    const { token } = await hsm.call('session.login', who)
    return { hsm, token, close: () => hsm.close() }
  } catch (error) {
    hsm.close()
    throw error
  }
}
