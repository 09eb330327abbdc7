/** Changes of existing keys: shares, attributes, deletion. Of one key, or of several. */
import type { KeyRecord } from '../../model/records.ts'
import { maySetAttributes } from '../../policy/attribute-rules.ts'
import { mayDeleteKey } from '../../policy/key-deletion.ts'
import { mayName, mayShareKey, mayUnshareKey } from '../../policy/key-sharing.ts'
import { change } from '../pipeline/pipeline.ts'
import { changeSeveral } from './several-keys.ts'

const done = () => ({})

export const keyShare = change<'key.share', KeyRecord>({ may: mayShareKey, reply: done })
export const keyUnshare = change<'key.unshare', KeyRecord>({ may: mayUnshareKey, reply: done })
export const keyDelete = change<'key.delete', void>({ may: mayDeleteKey, reply: done })

export const keySetAttribute = change<'key.set-attribute', KeyRecord>({
  may: maySetAttributes,
  reply: done,
})

export const keyShareMany = changeSeveral<'key.share-many'>({ all: mayName, each: mayShareKey })
export const keyUnshareMany = changeSeveral<'key.unshare-many'>({ all: mayName, each: mayUnshareKey })
export const keyDeleteMany = changeSeveral<'key.delete-many'>({ each: mayDeleteKey })
