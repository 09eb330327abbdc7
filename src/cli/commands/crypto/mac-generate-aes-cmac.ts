import { action } from '../../spec.ts'
import { cmacMessage, cmacOptions, generateMac, macFile, macKey } from './macs.ts'

export const generateAesCmac = action({
  options: { ...macKey, ...cmacOptions, ...macFile },
  run: (args, context) => generateMac(args, context, cmacMessage(args)),
})
