/** The sockets of programs. All of them read into the same memory, instead of 64 KiB of new memory for each request. */
import { Socket } from 'node:net'

/** As much as Node reads at once. */
const BUFFER_BYTES = 64 * 1024

/** What was read is copied out of it before the next socket reads. */
const buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES)

/**
 * A socket that reads from a handle, of which there must be no other. Its chunks are wiped when the listeners of `data` have returned.
 *
 * @param handle as a process gets it from another one, and as a server's connection has it
 */
export function programSocket(handle: unknown): Socket {
  const options = {
    handle,
    readable: true,
    writable: true,
    onread: {
      buffer,
      callback(bytes: number) {
        socket.emit('data', buffer.subarray(0, bytes))
        buffer.fill(0, 0, bytes)
        return true
      },
    },
  }
  const socket = new Socket(options as ConstructorParameters<typeof Socket>[0])
  return socket
}

/** The same connection. @param accepted must not have begun to read (`pauseOnConnect`); it is over after this */
export function takenOver(accepted: Socket): Socket {
  const holder = accepted as unknown as { _handle: unknown }
  const handle = holder._handle
  holder._handle = null
  accepted.destroy()
  return programSocket(handle)
}
