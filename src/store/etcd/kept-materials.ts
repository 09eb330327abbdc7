/**
 * Material of keys in memory, as it is stored: that of private and secret keys is sealed by itself. It lies in memory of its own, in
 * places of a few sizes, so that each can be wiped when its key is deleted or changed, and a million take little more than their bytes.
 */
import type { RecordKey } from '../../model/records.ts'

export interface KeptMaterials {
  /** Of how many keys. */
  count(): number
  /** Memory that is held for them, in bytes. */
  bytes(): number
  has(key: RecordKey, commit: number | undefined): boolean
  /** Base64. Undefined unless it is the one that this commit wrote. */
  get(key: RecordKey, commit: number | undefined): string | undefined
  /** Replaces and wipes what there was. @param material base64 */
  put(key: RecordKey, commit: number, material: string): void
  drop(key: RecordKey): void
  /** Wipes all, and gives the memory back. */
  clear(): void
}

/** Places differ in size by so much. */
const STEP_BYTES = 64
const SLAB_BYTES = 64 * 1024

type Place = { readonly commit: number; readonly length: number; readonly at: number }

/**
 * @param most of how many keys at once: those that were asked for or put there last
 * @param allocate zeroed memory that nothing else is in
 */
export function createKeptMaterials(
  most: () => number,
  allocate: (bytes: number) => Buffer = Buffer.alloc,
): KeptMaterials {
  /** In the order of last use, as long as there is a limit. */
  const places = new Map<RecordKey, Place>()
  const arenas = new Map<number, Arena>()

  function arenaFor(length: number): Arena {
    const steps = Math.max(1, Math.ceil(length / STEP_BYTES))
    const arena = arenas.get(steps) ?? createArena(steps * STEP_BYTES, allocate)
    arenas.set(steps, arena)
    return arena
  }
  function drop(key: RecordKey): void {
    const place = places.get(key)
    if (!place) return
    places.delete(key)
    arenaFor(place.length).free(place.at)
  }
  function find(key: RecordKey, commit: number | undefined): Place | undefined {
    const place = places.get(key)
    return place?.commit === commit ? place : undefined
  }

  return {
    count: () => places.size,
    bytes: () => arenas.values().reduce((sum, arena) => sum + arena.bytes(), 0),
    has: (key, commit) => find(key, commit) !== undefined,
    get(key, commit) {
      const place = find(key, commit)
      if (!place) return undefined
      if (most() !== Number.POSITIVE_INFINITY) {
        places.delete(key)
        places.set(key, place)
      }
      return arenaFor(place.length).read(place.at, place.length)
    },
    put(key, commit, material) {
      drop(key)
      const length = Buffer.byteLength(material, 'base64')
      places.set(key, { commit, length, at: arenaFor(length).write(material) })
      const [oldest] = places.keys()
      if (places.size > most() && oldest !== undefined) drop(oldest)
    },
    drop,
    clear() {
      places.clear()
      for (const arena of arenas.values()) arena.wipe()
      arenas.clear()
    },
  }
}

interface Arena {
  write(material: string): number
  read(at: number, length: number): string
  /** Wipes a place; the next one takes it. */
  free(at: number): void
  bytes(): number
  wipe(): void
}

/** Places of one size, in slabs that are made as they are needed. */
function createArena(size: number, allocate: (bytes: number) => Buffer): Arena {
  const perSlab = Math.max(1, Math.floor(SLAB_BYTES / size))
  const slabs: Buffer[] = []
  const free: number[] = []
  let next = 0

  function placeAt(at: number, length = size): Buffer {
    const start = (at % perSlab) * size
    return (slabs[Math.floor(at / perSlab)] ?? Buffer.alloc(0)).subarray(start, start + length)
  }
  return {
    write(material) {
      const at = free.pop() ?? next++
      if (Math.floor(at / perSlab) === slabs.length) slabs.push(allocate(perSlab * size))
      placeAt(at).write(material, 'base64')
      return at
    },
    read: (at, length) => placeAt(at, length).toString('base64'),
    free(at) {
      placeAt(at).fill(0)
      free.push(at)
    },
    bytes: () => slabs.length * perSlab * size,
    wipe() {
      for (const slab of slabs) slab.fill(0)
    },
  }
}
