import type { OperationName } from '../contract/operations.ts'
import { auditHeads } from './operations/audit-heads.ts'
import { auditKey, auditStatement } from './operations/audit-key.ts'
import { auditList } from './operations/audit-list.ts'
import { auditSetPolicy, auditShowPolicy } from './operations/audit-policy.ts'
import { backupBegin, backupNext } from './operations/backups.ts'
import {
  certificateChange,
  certificateCreate,
  certificateDelete,
  certificateList,
} from './operations/certificates.ts'
import {
  clusterActivate,
  clusterHsmInfo,
  clusterStatus,
  policyApply,
  policyShow,
} from './operations/cluster.ts'
import { cryptoRandom } from './operations/crypto-random.ts'
import {
  keyDelete,
  keyDeleteMany,
  keySetAttribute,
  keyShare,
  keyShareMany,
  keyUnshare,
  keyUnshareMany,
} from './operations/key-changes.ts'
import { keyCopy } from './operations/key-copy.ts'
import { keyDescribe } from './operations/key-describe.ts'
import { keyGeneratePair, keyGenerateSymmetric } from './operations/key-generate.ts'
import { keyDerive, keyImport, keyUnwrap } from './operations/key-incoming.ts'
import { keyList } from './operations/key-list.ts'
import {
  cryptoDecrypt,
  cryptoEncrypt,
  cryptoSign,
  cryptoVerify,
  keyExportPublic,
  keyExportReference,
  keyExportValue,
  keyWrap,
} from './operations/key-use.ts'
import { cryptoBegin, cryptoCancel, cryptoFinish, cryptoUpdate } from './operations/messages-in-parts.ts'
import {
  keyExportReplica,
  keyImportReplica,
  replicaChallenge,
  userExportReplica,
  userImportReplica,
} from './operations/replication.ts'
import { sessionLogin } from './operations/session-login.ts'
import { sessionLogout } from './operations/session-logout.ts'
import { sessionRenew, sessionResume } from './operations/session-resume.ts'
import { userChangePassword, userCreate, userDelete, userList, userLogout } from './operations/users.ts'
import type { Handler } from './pipeline/pipeline.ts'

export const HANDLERS: { readonly [K in OperationName]: Handler<K> } = {
  'audit.list': auditList,
  'audit.heads': auditHeads,
  'audit.statement': auditStatement,
  'audit.key': auditKey,
  'audit.set-policy': auditSetPolicy,
  'audit.show-policy': auditShowPolicy,
  'session.login': sessionLogin,
  'session.logout': sessionLogout,
  'session.resume': sessionResume,
  'session.renew': sessionRenew,
  'cluster.activate': clusterActivate,
  'cluster.hsm-info': clusterHsmInfo,
  'cluster.status': clusterStatus,
  'user.create': userCreate,
  'user.delete': userDelete,
  'user.list': userList,
  'user.logout': userLogout,
  'user.change-password': userChangePassword,
  'policy.apply': policyApply,
  'policy.show': policyShow,
  'key.list': keyList,
  'key.describe': keyDescribe,
  'key.share': keyShare,
  'key.unshare': keyUnshare,
  'key.delete': keyDelete,
  'key.share-many': keyShareMany,
  'key.unshare-many': keyUnshareMany,
  'key.delete-many': keyDeleteMany,
  'key.set-attribute': keySetAttribute,
  'key.generate-symmetric': keyGenerateSymmetric,
  'key.generate-pair': keyGeneratePair,
  'key.import': keyImport,
  'key.copy': keyCopy,
  'key.wrap': keyWrap,
  'key.unwrap': keyUnwrap,
  'key.derive': keyDerive,
  'key.export-public': keyExportPublic,
  'key.export-reference': keyExportReference,
  'key.export-value': keyExportValue,
  'replica.challenge': replicaChallenge,
  'key.export-replica': keyExportReplica,
  'key.import-replica': keyImportReplica,
  'user.export-replica': userExportReplica,
  'user.import-replica': userImportReplica,
  'backup.begin': backupBegin,
  'backup.next': backupNext,
  'certificate.create': certificateCreate,
  'certificate.list': certificateList,
  'certificate.change': certificateChange,
  'certificate.delete': certificateDelete,
  'crypto.sign': cryptoSign,
  'crypto.verify': cryptoVerify,
  'crypto.encrypt': cryptoEncrypt,
  'crypto.decrypt': cryptoDecrypt,
  'crypto.begin': cryptoBegin,
  'crypto.update': cryptoUpdate,
  'crypto.finish': cryptoFinish,
  'crypto.cancel': cryptoCancel,
  'crypto.random': cryptoRandom,
}
