import type { OperationName } from '../contract/operations.ts'
import { auditList } from './operations/audit-list.ts'
import { backupBegin } from './operations/backup-begin.ts'
import { backupNext } from './operations/backup-next.ts'
import { certificateChange } from './operations/certificate-change.ts'
import { certificateCreate } from './operations/certificate-create.ts'
import { certificateDelete } from './operations/certificate-delete.ts'
import { certificateList } from './operations/certificate-list.ts'
import { clusterActivate } from './operations/cluster-activate.ts'
import { clusterHsmInfo } from './operations/cluster-hsm-info.ts'
import { clusterStatus } from './operations/cluster-status.ts'
import { cryptoBegin } from './operations/crypto-begin.ts'
import { cryptoCancel } from './operations/crypto-cancel.ts'
import { cryptoDecrypt } from './operations/crypto-decrypt.ts'
import { cryptoEncrypt } from './operations/crypto-encrypt.ts'
import { cryptoFinish } from './operations/crypto-finish.ts'
import { cryptoRandom } from './operations/crypto-random.ts'
import { cryptoSign } from './operations/crypto-sign.ts'
import { cryptoUpdate } from './operations/crypto-update.ts'
import { cryptoVerify } from './operations/crypto-verify.ts'
import { keyCopy } from './operations/key-copy.ts'
import { keyDelete } from './operations/key-delete.ts'
import { keyDeleteMany } from './operations/key-delete-many.ts'
import { keyDerive } from './operations/key-derive.ts'
import { keyDescribe } from './operations/key-describe.ts'
import { keyExportPublic } from './operations/key-export-public.ts'
import { keyExportReference } from './operations/key-export-reference.ts'
import { keyExportReplica } from './operations/key-export-replica.ts'
import { keyExportValue } from './operations/key-export-value.ts'
import { keyGeneratePair } from './operations/key-generate-pair.ts'
import { keyGenerateSymmetric } from './operations/key-generate-symmetric.ts'
import { keyImport } from './operations/key-import.ts'
import { keyImportReplica } from './operations/key-import-replica.ts'
import { keyList } from './operations/key-list.ts'
import { keySetAttribute } from './operations/key-set-attribute.ts'
import { keyShare, keyUnshare } from './operations/key-share.ts'
import { keyShareMany, keyUnshareMany } from './operations/key-share-many.ts'
import { keyUnwrap } from './operations/key-unwrap.ts'
import { keyWrap } from './operations/key-wrap.ts'
import { policyApply } from './operations/policy-apply.ts'
import { policyShow } from './operations/policy-show.ts'
import { replicaChallenge } from './operations/replica-challenge.ts'
import { sessionLogin } from './operations/session-login.ts'
import { sessionLogout } from './operations/session-logout.ts'
import { sessionRenew, sessionResume } from './operations/session-resume.ts'
import { userChangePassword } from './operations/user-change-password.ts'
import { userCreate } from './operations/user-create.ts'
import { userDelete } from './operations/user-delete.ts'
import { userExportReplica } from './operations/user-export-replica.ts'
import { userImportReplica } from './operations/user-import-replica.ts'
import { userList } from './operations/user-list.ts'
import { userLogout } from './operations/user-logout.ts'
import type { Handler } from './pipelines.ts'

export const HANDLERS: { readonly [K in OperationName]: Handler<K> } = {
  'audit.list': auditList,
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
