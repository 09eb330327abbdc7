import { action } from '../../spec.ts'
import { generateMac, hmacMessage, hmacOptions, macFile, macKey } from './macs.ts'

export const generateHmac = action({
  options: { ...macKey, ...hmacOptions, ...macFile },
  run: (args, context) => generateMac(args, context, hmacMessage(args)),
})
