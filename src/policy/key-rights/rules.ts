/** Everything that can be done with a key, each with the rules that decide on it, in the order in which they are asked. */
import { type AttributeValue, FLAG_NAMES } from '../../contract/attributes.ts'
import type { OperationName } from '../../contract/operations.ts'
import type { ClusterRecord, KeyRecord } from '../../model/records.ts'
import type { Actor } from '../actor.ts'
import { setAttribute } from '../attribute-rules.ts'
import type { Circumstances } from '../circumstances.ts'
import { allow, type Decision } from '../decision.ts'
import { changeFits } from '../hsm-profile/attributes.ts'
import { typeFits } from '../hsm-profile/key-types.ts'
import { copyFlags } from '../key-copy.ts'
import { deleteKey } from '../key-deletion.ts'
import { mayDerive } from '../key-derivation.ts'
import { mayDecrypt, mayEncrypt } from '../key-encryption.ts'
import { shareKey, unshareKey } from '../key-sharing.ts'
import { mayExportPublic, mayExportValue, maySign, mayVerify } from '../key-use.ts'
import { mayUnwrapWith, mayWrapKey, mayWrapWith } from '../key-wrapping.ts'
import { mayExportKey } from '../replication/source.ts'
import { mayChange, mayCopy } from '../trusted-wrapping/changes.ts'
import { mayPlace } from '../trusted-wrapping/new-keys.ts'
import { mayUnwrapBy, mayWrapUnder } from '../trusted-wrapping/transport.ts'
import { CIPHER_FORMS, SIGNING_FORMS, WRAPPING_FORMS } from './mechanisms.ts'

/** Who does it, with which key, and how things are. */
export type Case = {
  readonly actor: Actor
  readonly key: KeyRecord
  readonly cluster: ClusterRecord
  readonly circumstances: Circumstances
  /** Whether every HSM has the key as this one does. */
  readonly synchronized: boolean
}

/** One way of doing it, and what is decided about it. */
export type Way = {
  readonly mechanism?: string
  readonly attribute?: string
  readonly decision: Decision<unknown>
}

/** `asks`: the operation that does it. */
type Rule = { readonly asks: OperationName; readonly ways: (of: Case) => readonly Way[] }

export const RULES = {
  sign: {
    asks: 'crypto.sign',
    ways: ({ actor, key, circumstances }) =>
      SIGNING_FORMS.map((mechanism) => way(mechanism, maySign(actor, key, mechanism, circumstances))),
  },
  verify: {
    asks: 'crypto.verify',
    ways: ({ actor, key, circumstances }) =>
      SIGNING_FORMS.map((mechanism) => way(mechanism, mayVerify(actor, key, mechanism, circumstances))),
  },
  encrypt: {
    asks: 'crypto.encrypt',
    ways: ({ actor, key, circumstances }) =>
      CIPHER_FORMS.map((cipher) => way(cipher, mayEncrypt(actor, key, cipher, circumstances))),
  },
  decrypt: {
    asks: 'crypto.decrypt',
    ways: ({ actor, key, circumstances }) =>
      CIPHER_FORMS.map((cipher) => way(cipher, mayDecrypt(actor, key, cipher, circumstances))),
  },
  wrap: { asks: 'key.wrap', ways: waysToWrap },
  unwrap: {
    asks: 'key.unwrap',
    ways: ({ actor, key, cluster, circumstances }) =>
      WRAPPING_FORMS.map((mechanism) =>
        way(
          mechanism,
          inTurn(mayUnwrapWith(actor, key, mechanism, circumstances), mayUnwrapBy(cluster, mechanism)),
        ),
      ),
  },
  derive: {
    asks: 'key.derive',
    ways: ({ actor, key, circumstances }) => [{ decision: mayDerive(actor, key, circumstances) }],
  },
  export: { asks: 'key.wrap', ways: waysToLeave },
  'show-value': {
    asks: 'key.export-value',
    ways: ({ actor, key, circumstances }) => [{ decision: mayExportValue(actor, key, circumstances) }],
  },
  'read-public': {
    asks: 'key.export-public',
    ways: ({ actor, key }) => [{ decision: mayExportPublic(actor, key) }],
  },
  copy: {
    asks: 'key.copy',
    ways: (of) => [{ decision: decideCopy(of) }],
  },
  replicate: { asks: 'key.export-replica', ways: waysToReplicate },
  share: {
    asks: 'key.share',
    ways: ({ actor, key }) => [{ decision: shareKey(actor, key, 'crypto-user', []) }],
  },
  unshare: {
    asks: 'key.unshare',
    ways: ({ actor, key }) => [{ decision: unshareKey(actor, key, 'crypto-user', []) }],
  },
  delete: { asks: 'key.delete', ways: ({ actor, key }) => [{ decision: deleteKey(actor, key) }] },
  'set-attribute': { asks: 'key.set-attribute', ways: waysToChange },
} as const satisfies Record<string, Rule>

export type KeyOperation = keyof typeof RULES

const way = ({ name }: { readonly name: string }, decision: Decision<unknown>): Way => ({
  mechanism: name,
  decision,
})

/** The first that refuses. */
const inTurn = (...decisions: readonly Decision<unknown>[]): Decision<unknown> =>
  decisions.find((decision) => !decision.allow) ?? allow(undefined)

/** Of what is wrapped only that matters which the wrapping key is not good enough for: whether it is protected. */
function waysToWrap({ actor, key, cluster, circumstances }: Case): readonly Way[] {
  return [false, true].flatMap((sensitive) => {
    const payload = { ...key, flags: { ...key.flags, sensitive, 'wrap-with-trusted': false } }
    return WRAPPING_FORMS.map((mechanism) =>
      way(
        mechanism,
        inTurn(
          mayWrapWith(actor, key, mechanism, circumstances),
          mayWrapUnder(cluster, { wrapping: key, payload }, mechanism),
        ),
      ),
    )
  })
}

/** Under the best wrapping key there could be, and under one that nobody trusts. */
function waysToLeave({ actor, key, cluster, circumstances }: Case): readonly Way[] {
  return [true, false].map((trusted) => {
    const wrapping = wrappingKey(key, trusted)
    return {
      decision: inTurn(
        mayWrapKey(actor, key, wrapping, circumstances),
        mayWrapUnder(cluster, { wrapping, payload: key }, { name: 'aes-zero-pad' }),
      ),
    }
  })
}

/** One that was made for it under every policy there is. */
function wrappingKey(key: KeyRecord, trusted: boolean): KeyRecord {
  const none = { encrypt: false, decrypt: false, sign: false, verify: false, derive: false, unwrap: false }
  const kept = { local: true, sensitive: true, 'always-sensitive': true, extractable: false }
  return {
    ...key,
    keyClass: 'secret-key',
    keyType: 'aes',
    flags: { ...key.flags, ...none, ...kept, 'never-extractable': true, wrap: true, trusted },
    madeUnderPolicy: true,
    wrapTemplate: undefined,
  }
}

/** To a clone that has the policy trusted-wrapping, and to one that does not. */
function waysToReplicate({ actor, key, cluster, synchronized }: Case): readonly Way[] {
  return [true, false].map((trustedWrapping) => {
    const destination = { clusterId: '', trustedWrapping }
    return { decision: mayExportKey(actor, key, { here: cluster, destination, synchronized }) }
  })
}

/** A copy without any changes. */
function decideCopy({ actor, key, cluster }: Case): Decision<unknown> {
  const flags = copyFlags(actor, key, {}, false)
  if (!flags.allow) return inTurn(mayCopy(cluster, key), flags)
  const copy = { ...key, flags: flags.result, origin: { from: 'copied' } } as const
  return inTurn(mayCopy(cluster, key), typeFits(cluster, copy), mayPlace(cluster, copy))
}

/** Each attribute with a value that it does not have. */
function waysToChange({ actor, key, cluster }: Case): readonly Way[] {
  const others: readonly (readonly [string, AttributeValue])[] = [
    ['label', key.label === '' ? '-' : ''],
    ['id', key.idAttribute === '0x' ? '0x00' : '0x'],
    ['wrap-template', { ...key.wrapTemplate, sensitive: !key.wrapTemplate?.sensitive }],
    ['unwrap-template', { ...key.unwrapTemplate, sensitive: !key.unwrapTemplate?.sensitive }],
  ]
  const flags = FLAG_NAMES.map((name) => [name, !key.flags[name]] as const)
  return [...flags, ...others].map(([attribute, value]) => {
    const after = setAttribute(actor, key, attribute, value)
    if (!after.allow) return { attribute, decision: after }
    return {
      attribute,
      decision: inTurn(changeFits(cluster, key, after.result), mayChange(cluster, key, after.result)),
    }
  })
}
