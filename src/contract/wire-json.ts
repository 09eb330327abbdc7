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

/** What has no bytes in it is itself. */
function carried(value: unknown, text: (bytes: Uint8Array) => string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (value instanceof Uint8Array) return text(value)
  const members = value as Record<string, unknown>
  let copy: Record<string, unknown> | undefined
  for (const name in members) {
    const member = members[name]
    if (typeof member !== 'object') continue
    const now = carried(member, text)
    if (now === member) continue
    copy ??= (Array.isArray(value) ? [...value] : { ...members }) as Record<string, unknown>
    copy[name] = now
  }
  return copy ?? value
}
