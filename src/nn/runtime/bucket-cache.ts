/** What is built for a bucket (a set of fixed sizes) when it is first met, and kept: sessions above all. */

export class BucketCache<Bucket, Value> {
  readonly #build: (bucket: Bucket) => Promise<Value>
  readonly #made = new Map<string, Promise<Value>>()
  readonly #uses = new Set<Promise<unknown>>()

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

  /** Does something with a bucket's value, which `clear` then waits for. Uses may overlap. */
  async use<Result>(bucket: Bucket, work: (value: Value) => Promise<Result>): Promise<Result> {
    const running = this.get(bucket).then(work)
    this.#uses.add(running)
    try {
      return await running
    } finally {
      this.#uses.delete(running)
    }
  }

  /** Waits for all uses, empties the cache and hands over what was in it; what failed to build is passed over. */
  async clear(release: (value: Value) => Promise<void>): Promise<void> {
    const made = [...this.#made.values()]
    this.#made.clear()
    await Promise.allSettled(this.#uses)
    for (const result of await Promise.allSettled(made)) if (result.status === 'fulfilled') await release(result.value)
  }
}
