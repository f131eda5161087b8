/** Any OpenAI client, of any version, under guard: `new OpenAI({ fetch: guardedFetch(parapet) })`. */
export { guardedFetch } from './guarded-fetch.ts'
export type { FetchingParapet, GuardedFetchOptions } from './guarded-fetch.ts'
