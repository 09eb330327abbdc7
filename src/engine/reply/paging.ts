import { HsmError } from '../../contract/errors.ts'

/**
 * A page of `items`. The token is the offset of the first item in decimal, or the reference of the one before it in hex,
 * from which the list goes on even if keys were deleted meanwhile; one past the end gives an empty page.
 *
 * @param ordered the items are in the order of their references, without which there is no going on from one
 * @returns `next`: a token of the same kind
 * @throws HsmError `invalid-paging`
 */
export function page<T extends { readonly id: string }>(
  items: readonly T[],
  count: number,
  token = '0',
  ordered = true,
): { readonly items: readonly T[]; readonly next: string | undefined } {
  const isReference = ordered && /^0x[0-9a-f]{16}$/.test(token)
  if (!isReference && !/^[0-9]{1,12}$/.test(token)) throw new HsmError('invalid-paging')
  const first = isReference ? firstAfter(items, token) : Number(token)
  const next = first + count
  const found = items.slice(first, next)
  const following = isReference ? found.at(-1)?.id : String(next)
  return { items: found, next: next < items.length ? following : undefined }
}

function firstAfter(items: readonly { readonly id: string }[], reference: string): number {
  let [low, high] = [0, items.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((items[middle]?.id ?? '') <= reference) low = middle + 1
    else high = middle
  }
  return low
}
