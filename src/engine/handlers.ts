import type { OperationName } from '../contract/operations.ts'
import { auditList } from './operations/audit-list.ts'
import { clusterActivate } from './operations/cluster-activate.ts'
import { clusterHsmInfo } from './operations/cluster-hsm-info.ts'
import { clusterStatus } from './operations/cluster-status.ts'
import { cryptoSign } from './operations/crypto-sign.ts'
import { cryptoVerify } from './operations/crypto-verify.ts'
import { keyDelete } from './operations/key-delete.ts'
import { keyExportPublic } from './operations/key-export-public.ts'
import { keyGeneratePair } from './operations/key-generate-pair.ts'
import { keyGenerateSymmetric } from './operations/key-generate-symmetric.ts'
import { keyList } from './operations/key-list.ts'
import { keySetAttribute } from './operations/key-set-attribute.ts'
import { keyShare, keyUnshare } from './operations/key-share.ts'
import { sessionLogin } from './operations/session-login.ts'
import { sessionLogout } from './operations/session-logout.ts'
import { userChangePassword } from './operations/user-change-password.ts'
import { userCreate } from './operations/user-create.ts'
import { userDelete } from './operations/user-delete.ts'
import { userList } from './operations/user-list.ts'
import type { Handler } from './pipelines.ts'

export const HANDLERS: { readonly [K in OperationName]: Handler<K> } = {
  'audit.list': auditList,
  'session.login': sessionLogin,
  'session.logout': sessionLogout,
  'cluster.activate': clusterActivate,
  'cluster.hsm-info': clusterHsmInfo,
  'cluster.status': clusterStatus,
  'user.create': userCreate,
  'user.delete': userDelete,
  'user.list': userList,
  'user.change-password': userChangePassword,
  'key.list': keyList,
  'key.share': keyShare,
  'key.unshare': keyUnshare,
  'key.delete': keyDelete,
  'key.set-attribute': keySetAttribute,
  'key.generate-symmetric': keyGenerateSymmetric,
  'key.generate-pair': keyGeneratePair,
  'key.export-public': keyExportPublic,
  'crypto.sign': cryptoSign,
  'crypto.verify': cryptoVerify,
}
