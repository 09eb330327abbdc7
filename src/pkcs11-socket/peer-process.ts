/**
 * Which process is at the other end of a Unix socket, and whose. Linux knows (SO_PEERCRED, unix(7)) and Node does not
 * ask, so this does, through node:ffi.
 */
import type { Socket } from 'node:net'
import type { PeerProcess } from '../pkcs11/serve.ts'

const SOL_SOCKET = 1
const SO_PEERCRED = 17
/** struct ucred: process, user and group, 4 bytes each. */
const UCRED_BYTES = 12
const PID_AT = 0
const UID_AT = 4

const SIGNATURES = {
  getsockopt: { arguments: ['i32', 'i32', 'i32', 'pointer', 'pointer'], return: 'i32' },
} as const

const libc = load()

/** Undefined where Node has no FFI or does not permit it; the numbers above are those of Linux. */
function load() {
  if (process.platform !== 'linux') return undefined
  try {
    const { dlopen, getRawPointer } = process.getBuiltinModule('node:ffi')
    return { ...dlopen(null, SIGNATURES), getRawPointer }
  } catch {
    return undefined
  }
}

/** The process that connected, with its user at that time; undefined where that cannot be known. */
export function peerProcess(socket: Socket): PeerProcess | undefined {
  const { fd } = (socket as unknown as { readonly _handle: { readonly fd?: number } | null })._handle ?? {}
  if (!libc || fd === undefined || fd < 0) return undefined
  const credentials = Buffer.alloc(UCRED_BYTES)
  const length = Buffer.alloc(4)
  length.writeUInt32LE(UCRED_BYTES)
  const { getsockopt } = libc.functions
  const failed = getsockopt(
    fd,
    SOL_SOCKET,
    SO_PEERCRED,
    libc.getRawPointer(credentials),
    libc.getRawPointer(length),
  )
  if (failed !== 0) return undefined
  return { pid: credentials.readUInt32LE(PID_AT), uid: credentials.readUInt32LE(UID_AT) }
}
