/** The process of `program.ts`: calls functions of pkcs11js as it is told. */
import { createRequire } from 'node:module'

type Call = { readonly name: string; readonly given: readonly unknown[] }
type Functions = Readonly<Record<string, (...given: readonly unknown[]) => unknown>> & {
  load(path: string): void
}

const [, , pkcs11js = '', module = ''] = process.argv
const { PKCS11 } = createRequire(import.meta.url)(pkcs11js) as { PKCS11: new () => Functions }
const functions = new PKCS11()
functions.load(module)

process.on('message', ({ name, given }: Call) => {
  try {
    process.send?.({ result: functions[name]?.(...given) })
  } catch (error) {
    const { message, code } = error as Error & { code?: number }
    process.send?.({ refusal: message, code })
  }
})
process.once('disconnect', () => process.exit())
process.send?.({ result: 'ready' })
