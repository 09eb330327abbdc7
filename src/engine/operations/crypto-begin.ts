import type { Handler } from '../pipelines.ts'
import { beginStream } from '../stream-steps.ts'

export const cryptoBegin: Handler<'crypto.begin'> = beginStream
