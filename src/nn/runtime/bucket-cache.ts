/** What is built for a bucket (a set of fixed sizes) when it is first met, and kept: sessions above all. */

export class BucketCache<Bucket, Value> {
  readonly #build: (bucket: Bucket) => Promise<Value>
  readonly #made = new Map<string, Promise<Value>>()

  constructor(build: (bucket: Bucket) => Promise<Value>) {
    this.#build = build
  }

  /** Buckets are the same when their JSON is. One that failed is built anew at the next call. */
  get(bucket: Bucket): Promise<Value> {
    const key = JSON.stringify(bucket)
    const known = this.#made.get(key)
    if (known !== undefined) return known
    const made = this.#build(bucket)
    this.#made.set(key, made)
    // The caller sees the failure through `made`.
    made.catch(() => this.#made.delete(key))
    return made
  }

  /** Empties the cache and hands over what was in it; what failed to build is passed over. */
  async clear(release: (value: Value) => Promise<void>): Promise<void> {
    const made = [...this.#made.values()]
    this.#made.clear()
    for (const result of await Promise.allSettled(made)) if (result.status === 'fulfilled') await release(result.value)
  }
}
