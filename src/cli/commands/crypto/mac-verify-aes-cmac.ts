import { action } from '../../spec.ts'
import { cmacMessage, cmacOptions, givenMac, macKey, verifyMac } from './macs.ts'

export const verifyAesCmac = action({
  options: { ...macKey, ...cmacOptions, ...givenMac },
  run: (args, context) => verifyMac(args, context, cmacMessage(args)),
})
