/** Why the operating system refused something, and what helps, in words. */

type Refusal = { readonly reason: string; readonly advice?: string }

const DENIED: Refusal = {
  reason: 'permission is denied',
  advice: 'check its owner and mode, and those of its directories',
}

const REFUSALS: Readonly<Record<string, Refusal>> = {
  ENOENT: { reason: 'no such file or directory' },
  EEXIST: { reason: 'it exists already' },
  EACCES: DENIED,
  EPERM: DENIED,
  EISDIR: { reason: 'it is a directory' },
  ENOTDIR: { reason: 'a part of the path is not a directory' },
  ENOTEMPTY: { reason: 'the directory is not empty' },
  ENOSPC: { reason: 'the disk is full', advice: 'make room on it' },
  EDQUOT: { reason: 'the quota of the disk is used up', advice: 'make room in it' },
  EFBIG: { reason: 'the file would be larger than is allowed', advice: 'raise the limit (ulimit -f)' },
  EROFS: { reason: 'the file system is read-only', advice: 'mount it for writing' },
  EMFILE: { reason: 'this process has too many files open', advice: 'raise its limit (ulimit -n)' },
  ENFILE: { reason: 'the machine has too many files open', advice: 'raise its limit (fs.file-max)' },
  ENOMEM: { reason: 'the machine has too little memory left' },
  EIO: { reason: 'the disk or device reports an error', advice: 'look at the log of the kernel' },
  ELOOP: { reason: 'its symbolic links go round in a circle' },
  ENAMETOOLONG: { reason: 'the path is too long' },
  ENXIO: { reason: 'it is a socket, or nobody reads from it' },
  ENODEV: { reason: 'there is no such device' },
  ENOTSOCK: { reason: 'something else is there' },
  EPIPE: { reason: 'its reader has closed it' },
  EBADF: { reason: 'it is not open for this' },
  ETXTBSY: { reason: 'it is a program that is running' },
  EBUSY: { reason: 'it is in use' },
  EADDRINUSE: { reason: 'another program is using it' },
  EADDRNOTAVAIL: { reason: 'this machine has no such address' },
  EAFNOSUPPORT: { reason: 'this machine has no addresses of that kind' },
  ENOTFOUND: { reason: 'the host name is not known' },
  EAI_AGAIN: { reason: 'the host name cannot be looked up' },
  ERR_INVALID_ARG_VALUE: { reason: 'the path is not valid' },
  ERR_NOT_A_REGULAR_FILE: { reason: 'it is not a regular file' },
  ERR_FS_FILE_TOO_LARGE: { reason: 'it is too large' },
}

/** For the end of a sentence. What has no words keeps its code. */
export function reasonOf(error: unknown): string {
  const code = codeOf(error)
  return code === undefined ? String(error) : (REFUSALS[code]?.reason ?? code)
}

/** The same, and what helps where that can be said; for the end of a text. */
export function reasonAndAdvice(error: unknown): string {
  const { advice } = REFUSALS[codeOf(error) ?? ''] ?? {}
  return advice === undefined ? reasonOf(error) : `${reasonOf(error)}; ${advice}`
}

const codeOf = (error: unknown): string | undefined =>
  error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined

/** Whether the operating system refused, as opposed to a mistake in the program. */
export const isSystemError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && 'syscall' in error

/** Errors of reading do not name the file. @returns the same error */
export function naming(path: string, error: unknown): unknown {
  return isSystemError(error) && error.path === undefined ? Object.assign(error, { path }) : error
}

const DOING: Readonly<Record<string, string>> = {
  open: 'open',
  read: 'read',
  write: 'write',
  fsync: 'write',
  mkdir: 'make the directory',
  mkdtemp: 'make a directory below',
  stat: 'look at',
  lstat: 'look at',
  scandir: 'list the directory',
  rename: 'replace',
  link: 'make',
  unlink: 'remove',
  rm: 'remove',
  rmdir: 'remove',
  chmod: 'change the mode of',
  fchmod: 'change the mode of',
  connect: 'connect to',
  listen: 'listen on',
  bind: 'listen on',
}

/** What was tried, with what, and why the operating system refused: a sentence for an error that nobody foresaw. */
export function sentenceOf(error: NodeJS.ErrnoException): string {
  if (error.syscall?.includes('cwd')) return 'The working directory is gone; change to another one'
  const {
    syscall = '',
    path,
    dest,
    address,
    port,
  } = error as NodeJS.ErrnoException & {
    readonly dest?: string
    readonly address?: string
    readonly port?: number
  }
  const object =
    dest ?? withoutEnding(path) ?? (port === undefined ? address : `${address}:${port}`) ?? 'a file'
  return `Cannot ${DOING[syscall] ?? syscall} ${object}: ${reasonAndAdvice(error)}`
}

/** Files are written under another name first. */
const withoutEnding = (path: string | undefined): string | undefined =>
  path?.replace(/\.[\da-f-]{36}\.new$/, '')
