/** The guard of the embedded classifier. */
export { createClassifierGuard } from './guard.ts'
export type { ClassifierGuardOptions } from './guard.ts'
