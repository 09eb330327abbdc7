import type { Turn } from '../spec.ts'

export const quit: Turn = { options: {}, turn: 'quit' }
