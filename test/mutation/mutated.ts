/** Preloaded into a run of tests: one source file is read with the change that the environment names. */
import { registerHooks } from 'node:module'
import { pathToFileURL } from 'node:url'
import type { Mutant } from './rows.ts'

export type Mutation = Mutant & { readonly file: string }

const { file, from, to, instead }: Mutation = JSON.parse(process.env['MUTATION'] ?? '{}')
const url = pathToFileURL(file).href

registerHooks({
  load(asked, context, nextLoad) {
    const loaded = nextLoad(asked, context)
    if (asked !== url) return loaded
    const source = String(loaded.source)
    return { ...loaded, source: source.slice(0, from) + instead + source.slice(to) }
  },
})
