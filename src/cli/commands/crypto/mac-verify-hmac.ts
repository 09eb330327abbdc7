import { action } from '../../spec.ts'
import { givenMac, hmacMessage, hmacOptions, macKey, verifyMac } from './macs.ts'

export const verifyHmac = action({
  options: { ...macKey, ...hmacOptions, ...givenMac },
  run: (args, context) => verifyMac(args, context, hmacMessage(args)),
})
