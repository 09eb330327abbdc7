import { CLUSTER_ID, type Turn } from '../spec.ts'

export const interactive: Turn = { options: { 'cluster-id': CLUSTER_ID }, turn: 'interactive' }
