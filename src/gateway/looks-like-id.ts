/**
 * Whether a string can be an id or the name of a model, as servers write them. No sentence fits through, so ids are passed on
 * without being judged; guards would take many of them for secrets.
 */
const ID = /^[\w.:@/+-]{1,256}$/

export function looksLikeId(value: unknown): value is string {
  return typeof value === 'string' && ID.test(value)
}
