/** The process of `module-client.ts`: a program that does with a module what the frames on its descriptor 3 ask for. */
import { Socket } from 'node:net'
import { moduleCalls } from './module-calls.ts'
import { OWN, Refused } from './p11-client.ts'

const [, , path = ''] = process.argv
const call = moduleCalls(path)

function answer(body: Buffer): Buffer {
  try {
    return call(body)
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    const refusal = Buffer.from('000000000000000175', 'hex')
    const value = Buffer.alloc(8)
    value.writeBigUInt64BE(BigInt(error.value))
    return Buffer.concat([refusal, value])
  }
}

const frames = new Socket({ fd: 3 })
// Nobody asks any more.
frames.on('error', () => process.exit())
let waiting = Buffer.alloc(0)
let greeted = false
frames.on('data', (chunk: Buffer) => {
  waiting = Buffer.concat([waiting, chunk])
  if (!greeted && waiting.length > 0) {
    greeted = true
    frames.write(Buffer.of(OWN))
    waiting = waiting.subarray(1)
  }
  while (waiting.length >= 12) {
    const begin = 12 + waiting.readUInt32BE(4)
    const end = begin + waiting.readUInt32BE(8)
    if (waiting.length < end) return
    const body = answer(waiting.subarray(begin, end))
    const head = Buffer.alloc(12)
    waiting.copy(head, 0, 0, 4)
    head.writeUInt32BE(body.length, 8)
    frames.write(Buffer.concat([head, body]))
    waiting = waiting.subarray(end)
  }
})
