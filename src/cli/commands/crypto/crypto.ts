/** The commands of `crypto`. */
import type { Rows } from '../../spec.ts'
import { DECRYPT, ENCRYPT } from './ciphers.ts'
import { MAC } from './macs.ts'
import { SIGN, VERIFY } from './signatures.ts'

export const CRYPTO: Rows = [DECRYPT, ENCRYPT, MAC, SIGN, VERIFY]
