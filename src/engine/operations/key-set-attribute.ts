import { setAttribute } from '../../policy/attribute-rules.ts'
import { keysFit } from '../../policy/capacity.ts'
import { allow } from '../../policy/decision.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { keyCounts } from '../facts.ts'
import { change } from '../pipelines.ts'
import { select } from '../selection.ts'

export const keySetAttribute = change('key.set-attribute', {
  decide({ parts, view, call }, { filter, name, value }) {
    const selected = exactlyOne(select(view, call, filter))
    if (!selected.allow) return selected
    const [before, decision] = [selected.result, setAttribute(call.actor, selected.result, name, value)]
    if (!decision.allow) return decision
    const after = decision.result
    if (after === before) return allow(undefined)
    // A session key that becomes a token key takes a place in the store.
    if (after.flags.token && !before.flags.token) {
      const fits = keysFit(keyCounts(view, call), [after], parts.capacity)
      if (!fits.allow) return fits
    }
    return allow(undefined, { put: after })
  },
  reply: () => ({}),
})
