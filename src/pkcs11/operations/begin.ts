/** What the Init functions of signing, verifying, encrypting and decrypting have in common. */
import type { MaybePromise } from '../../base/maybe-promise.ts'
import type { Request } from '../../contract/operations.ts'
import { type Application, filterOf } from '../application.ts'
import { CKR } from '../cryptoki/returns.ts'
import { meaning, refuse } from '../errors.ts'
import { referenceOf } from '../handles.ts'
import { beginMessage, type Message } from './message.ts'

type Asked = Request<'crypto.begin'>
type Work = Asked extends infer R ? (R extends unknown ? Omit<R, 'filter'> : never) : never

/**
 * The HSM is asked at once, so that whoever may not use the key learns of it here.
 * Throws CKR_KEY_HANDLE_INVALID and whatever `crypto.begin` throws.
 */
export function beginWith({ account }: Application, key: number, work: Work): MaybePromise<Message> {
  const filter = filterOfHandle(key)
  const { purpose } = work
  const request = (
    'mechanism' in work
      ? { filter, purpose, mechanism: work.mechanism }
      : { filter, purpose, cipher: work.cipher }
  ) as Asked
  return beginMessage((iv) =>
    meaning({ 'key-selection': CKR.KEY_HANDLE_INVALID, 'invalid-request': CKR.MECHANISM_PARAM_INVALID }, () =>
      account.begin(iv ? withIv(request, iv) : request),
    ),
  )
}

/** The message goes on with the IV that its program knows. */
const withIv = (request: Asked, iv: Buffer): Asked =>
  ('cipher' in request ? { ...request, cipher: { ...request.cipher, iv } } : request) as Asked

/** Programs mostly use the key that they have just used. */
let last: { readonly key: number; readonly filter: string[] } | undefined

function filterOfHandle(key: number): string[] {
  if (last?.key !== key) last = { key, filter: filterOf(referenceOf(key) ?? refuse(CKR.KEY_HANDLE_INVALID)) }
  return last.filter
}
