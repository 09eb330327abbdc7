import { allow, type Decision, deny } from './decision.ts'

/** A page of `items`. The token is the offset of the first item, in decimal; one past the end gives an empty page. */
export function page<T>(
  items: readonly T[],
  count: number,
  token: string | undefined,
): Decision<{ readonly items: readonly T[]; readonly next: string | undefined }> {
  if (token !== undefined && !/^[0-9]{1,12}$/.test(token)) return deny('invalid-paging')
  const first = Number(token ?? 0)
  const next = first + count
  return allow({ items: items.slice(first, next), next: next < items.length ? String(next) : undefined })
}
