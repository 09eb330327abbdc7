/** Following a journal on another HSM, which may end and come back. */
import { type ErrorCode, HsmError } from '../../contract/errors.ts'
import { visible } from '../../contract/shown.ts'
import { type Journal, type Page, type Reading, titleOf } from './journals.ts'

/** An HSM that is away answers with these, or not at all. With any other error it is not asked again: a password may have been changed. */
const PASSING: ReadonlySet<ErrorCode> = new Set(['unavailable', 'not-serving', 'not-logged-in', 'busy'])

const NOTHING: Page = { entries: [], read: 0 }

/**
 * The next page at each call, nothing while the HSM is away.
 *
 * @param tell called once when it is, and once when it is back
 * @returns a function that throws HsmError only for a journal that is damaged
 */
export function pagesOf(
  { hsm, name }: Pick<Journal, 'hsm' | 'name'>,
  reading: Pick<Reading, 'page'>,
  tell: (text: string) => Promise<void>,
): () => Promise<Page> {
  const note = (text: string) => tell(visible(`strongroom: the ${titleOf(name)} of ${hsm} ${text}\n`))
  let state: 'read' | 'away' | 'over' = 'read'
  async function failed(error: unknown): Promise<Page> {
    if (!(error instanceof HsmError) || error.code === 'store-damaged') throw error
    if (!PASSING.has(error.code)) {
      state = 'over'
      await note(`is not followed any more: ${error.message}`)
    } else if (state === 'read') {
      state = 'away'
      await note(`cannot be read now: ${error.message}`)
    }
    return NOTHING
  }
  return async () => {
    if (state === 'over') return NOTHING
    try {
      const page = await reading.page()
      if (state === 'away') await note('is read again')
      state = 'read'
      return page
    } catch (error) {
      return failed(error)
    }
  }
}
