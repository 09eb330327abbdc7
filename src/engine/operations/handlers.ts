import type { OperationName } from '../../contract/operations.ts'
import type { Handler } from '../pipeline/pipeline.ts'
import { auditHeads } from './audit-heads.ts'
import { auditKey, auditStatement } from './audit-key.ts'
import { auditList } from './audit-list.ts'
import { auditSetPolicy, auditShowPolicy } from './audit-policy.ts'
import { backupBegin, backupNext } from './backups.ts'
import { certificateChange, certificateCreate, certificateDelete, certificateList } from './certificates.ts'
import {
  clusterActivate,
  clusterHsmInfo,
  clusterSetMaterial,
  clusterShowMaterial,
  clusterStatus,
  policyApply,
  policyShow,
} from './cluster.ts'
import { cryptoDecrypt, cryptoEncrypt, cryptoSign, cryptoVerify } from './crypto.ts'
import {
  keyDelete,
  keyDeleteMany,
  keySetAttribute,
  keyShare,
  keyShareMany,
  keyUnshare,
  keyUnshareMany,
} from './key-changes.ts'
import { keyCopy } from './key-copy.ts'
import { keyDescribe } from './key-describe.ts'
import { keyExportPublic, keyExportReference, keyExportValue, keyWrap } from './key-export.ts'
import { keyGeneratePair, keyGenerateSymmetric } from './key-generate.ts'
import { keyDerive, keyImport, keyUnwrap } from './key-incoming.ts'
import { keyList } from './key-list.ts'
import { cryptoRandom } from './random.ts'
import {
  keyExportReplica,
  keyImportReplica,
  replicaChallenge,
  userExportReplica,
  userImportReplica,
} from './replication.ts'
import { sessionLogin } from './session-login.ts'
import { sessionLogout } from './session-logout.ts'
import { sessionRenew, sessionResume } from './session-resume.ts'
import { cryptoBegin, cryptoCancel, cryptoFinish, cryptoUpdate } from './streams.ts'
import { userChangePassword, userCreate, userDelete, userList, userLogout } from './users.ts'

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
  'cluster.set-material': clusterSetMaterial,
  'cluster.show-material': clusterShowMaterial,
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
