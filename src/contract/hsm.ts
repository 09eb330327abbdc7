import type { OperationName, Reply, Request } from './operations.ts'

/** An HSM, wherever it runs: the in-process engine and the HTTPS client are both one of these. */
export interface Hsm {
  /**
   * Carries out one operation of the table in `operations.ts`.
   *
   * @param session token from `session.login`; leave out before login
   * @throws HsmError with a code of `errors.ts`, and nothing else
   */
  call<K extends OperationName>(operation: K, request: Request<K>, session?: string): Promise<Reply<K>>
}
