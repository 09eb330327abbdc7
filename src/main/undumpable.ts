/** Keeps other processes of the same user, and core dumps, from the memory of this one, as ssh-agent does. */

/** prctl(2). */
const PR_SET_DUMPABLE = 4

const SIGNATURES = { prctl: { arguments: ['i32', 'u64', 'u64', 'u64', 'u64'], return: 'i32' } } as const

/** Linux only, and where Node has FFI. Root can read any memory. @returns whether it is so now */
export function makeUndumpable(): boolean {
  if (process.platform !== 'linux') return false
  try {
    const { functions } = process.getBuiltinModule('node:ffi').dlopen(null, SIGNATURES)
    return functions.prctl(PR_SET_DUMPABLE, 0n, 0n, 0n, 0n) === 0
  } catch {
    return false
  }
}
