import { recordKey } from '../../model/records.ts'
import { allow } from '../../policy/decision.ts'
import { mayDelete } from '../../policy/key-deletion.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { change } from '../pipelines.ts'
import { select } from '../selection.ts'

export const keyDelete = change('key.delete', {
  decide({ view, call }, { filter }) {
    const selected = exactlyOne(select(view, call, filter))
    if (!selected.allow) return selected
    const permitted = mayDelete(call.actor, selected.result)
    return permitted.allow ? allow(undefined, { delete: recordKey(selected.result) }) : permitted
  },
  reply: () => ({}),
})
