/**
 * One result of what comes in pieces, which are wiped, also when not all of them come.
 *
 * @param work adds the pieces in their order; they are nobody else's
 */
export async function gathered(work: (pieces: Buffer[]) => Promise<void>): Promise<Buffer> {
  const pieces: Buffer[] = []
  try {
    await work(pieces)
    return Buffer.concat(pieces)
  } finally {
    for (const piece of pieces) piece.fill(0)
  }
}
