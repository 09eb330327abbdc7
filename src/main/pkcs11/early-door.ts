/** The PKCS#11 socket of an HSM that is not there yet: had before anything is founded, served from when the HSM serves. */
import { HsmError } from '../../contract/errors.ts'
import type { Hsm } from '../../contract/hsm.ts'
import { NONE } from '../../home/serving-settings.ts'
import type { HsmDoorNeeds } from './door.ts'

export type EarlyDoor = {
  /** Undefined when there is none. */
  readonly path: string | undefined
  /** Until then programs are answered that nothing is served. */
  serve(hsm: Hsm): void
  /** Does nothing the second time. */
  close(): Promise<void>
}

type Needs = Omit<HsmDoorNeeds, 'hsm' | 'program'> & { readonly program: string | undefined }

/** @throws HsmError with one sentence when there can be no socket at the path */
export async function openEarlyDoor({ path, program, ...needs }: Needs): Promise<EarlyDoor> {
  let served: Hsm | undefined
  let closed: Promise<void> | undefined
  const hsm: Hsm = {
    async call(operation, request, session, source) {
      if (!served) throw new HsmError('not-serving')
      return served.call(operation, request, session, source)
    },
  }
  const door =
    program === undefined || path === NONE
      ? undefined
      : // Loaded for those who have it.
        await (await import('./door.ts')).openHsmDoor({ hsm, path, program, ...needs })
  return {
    path: door?.path,
    serve(ready) {
      served = ready
    },
    close() {
      closed ??= door?.close() ?? Promise.resolve()
      return closed
    },
  }
}
