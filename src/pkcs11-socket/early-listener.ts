/** The PKCS#11 socket of an HSM that is not there yet: had before anything is founded, served from when the HSM serves. */
import { HsmError } from '../contract/errors.ts'
import { type Caller, callerOf, type Hsm } from '../contract/hsm.ts'
import { NONE } from '../home/serving-settings.ts'
import type { HsmListenerNeeds } from './listener.ts'

export type EarlyListener = {
  /** Undefined when there is none. */
  readonly path: string | undefined
  /** Until then programs are answered that nothing is served. */
  serve(hsm: Hsm): void
  /** Does nothing the second time. */
  close(): Promise<void>
}

type Needs = Omit<HsmListenerNeeds, 'hsm' | 'program'> & { readonly program: string | undefined }

/** @throws HsmError with one sentence when there can be no socket at the path */
export async function openEarlyListener({ path, program, ...needs }: Needs): Promise<EarlyListener> {
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
  const listener =
    program === undefined || path === NONE
      ? undefined
      : // Loaded for those who have it.
        await (await import('./listener.ts')).openHsmListener({ hsm, path, program, ...needs })
  return {
    path: listener?.path,
    serve(ready) {
      served = ready
    },
    close() {
      closed ??= listener?.close() ?? Promise.resolve()
      return closed
    },
  }
}

function refuse(): never {
  throw new HsmError('not-serving')
}
