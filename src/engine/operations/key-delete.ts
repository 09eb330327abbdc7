import { deleteKey } from '../../policy/key-deletion.ts'
import { exactlyOne } from '../../policy/key-selection.ts'
import { change } from '../pipelines.ts'
import { select } from '../selection.ts'

export const keyDelete = change('key.delete', {
  decide({ view, call }, { filter }) {
    const selected = exactlyOne(select(view, call, filter))
    return selected.allow ? deleteKey(call.actor, selected.result) : selected
  },
  reply: () => ({}),
})
