/**
 * PKCS#11 of an HSM that is not there yet: its socket is had before anything is founded, and served from when the HSM
 * serves.
 */
import { version } from '../base/version.ts'
import { HsmError } from '../contract/errors.ts'
import { type Caller, callerOf, type Hsm } from '../contract/hsm.ts'
import { NONE } from '../home/serving-settings.ts'
import { createPkcs11, type Pkcs11, type Pkcs11Needs } from '../pkcs11/serve.ts'
import type { HsmListenerNeeds } from './listener.ts'

export type EarlyListener = {
  /** Of the socket; undefined when there is none. */
  readonly path: string | undefined
  /** What serves the socket, for connections from elsewhere. */
  readonly pkcs11: Pkcs11
  /** Until then programs are answered that nothing is served. */
  serve(hsm: Hsm): void
  /** Does nothing the second time. */
  close(): Promise<void>
}

type Needs = Omit<HsmListenerNeeds, 'pkcs11' | 'program'> &
  Pick<Pkcs11Needs, 'makeKeyCertificate'> & { readonly program: string | undefined }

/** @throws HsmError with one sentence when there can be no socket at the path */
export async function openEarlyListener({
  path,
  program,
  makeKeyCertificate,
  ...needs
}: Needs): Promise<EarlyListener> {
  let served: Hsm | undefined
  let closed: Promise<void> | undefined
  const hsm: Hsm = {
    call: async (...call) => (served ?? refuse()).call(...call),
    caller(session, source) {
      let caller: Caller | undefined
      return (operation, request) => {
        caller ??= callerOf(served ?? refuse(), session, source)
        return caller(operation, request)
      }
    },
  }
  const pkcs11 = createPkcs11({ hsm, version, log: needs.log, makeKeyCertificate })
  const listener =
    program === undefined || path === NONE
      ? undefined
      : // Loaded for those who have it.
        await (await import('./listener.ts')).openHsmListener({ pkcs11, path, program, ...needs })
  return {
    path: listener?.path,
    pkcs11,
    serve(ready) {
      served = ready
    },
    close() {
      closed ??= listener?.close() ?? pkcs11.release()
      return closed
    },
  }
}

function refuse(): never {
  throw new HsmError('not-serving')
}
