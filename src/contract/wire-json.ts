/** Requests and replies as they travel. */
import { toBase64 } from '../base/bytes.ts'

/** As JSON, with bytes in base64. */
export const wireJson = (value: object): string => JSON.stringify(carried(value, toBase64))

/** The same of a reply that is over with this: its bytes are wiped. */
export const takenJson = (reply: object): string => JSON.stringify(carried(reply, taken))

function taken(bytes: Uint8Array): string {
  const text = toBase64(bytes)
  bytes.fill(0)
  return text
}

type Text = (bytes: Uint8Array) => string

/** What has no bytes in it is itself. */
function carried(value: unknown, text: Text): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return text(value)
  return Array.isArray(value) ? carriedList(value, text) : carriedMembers(value as Members, text)
}

function carriedList(list: readonly unknown[], text: Text): readonly unknown[] {
  let copy: unknown[] | undefined
  for (let at = 0; at < list.length; at += 1) {
    const now = carried(list[at], text)
    if (now === list[at]) continue
    copy ??= [...list]
    copy[at] = now
  }
  return copy ?? list
}

type Members = Readonly<Record<string, unknown>>

function carriedMembers(members: Members, text: Text): Members {
  let copy: Record<string, unknown> | undefined
  for (const name in members) {
    const now = carried(members[name], text)
    if (now === members[name]) continue
    copy ??= { ...members }
    copy[name] = now
  }
  return copy ?? members
}
