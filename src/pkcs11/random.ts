/** C_GenerateRandom (PKCS#11 v2.40 §5.14). */
import { LIMITS } from '../contract/limits.ts'
import { type Application, signedIn } from './application.ts'
import { BOUNDS } from './bounds.ts'
import { CKR } from './cryptoki/returns.ts'
import { refuse } from './errors.ts'
import { gathered } from './gathered.ts'
import { EMPTY_BUFFER } from './output.ts'

/** Bytes of the HSM's generator. Like everything else it serves, they are for those who are logged in. */
export async function generateRandom(
  application: Application,
  handle: number,
  count: number,
): Promise<Buffer> {
  signedIn(application, handle)
  if (count === EMPTY_BUFFER) return Buffer.alloc(0) // a buffer of no bytes
  if (count > BOUNDS.randomBytes) refuse(CKR.ARGUMENTS_BAD)
  return gathered(async (pieces) => {
    for (let left = count; left > 0; left -= LIMITS.randomBytes) {
      const bytes = Math.min(left, LIMITS.randomBytes)
      const { data } = await application.account.call('crypto.random', { bytes })
      pieces.push(data)
    }
  })
}
