/**
 * Batches of work by pg-boss: three of its queues a batch (setup, tasks, answers), in a schema of their own, so that a batch ends by dropping
 * its tables and nothing of it stays in an archive. The database must be one that several processes reach.
 */
import { createHash } from 'node:crypto'
import type PgBoss from 'pg-boss'
import { ParapetError } from '../spec/errors.ts'
import type { BatchOptions, TaskAnswer, TaskQueue } from '../spec/task-queue.ts'
import { bossDatabase, loadPgBoss } from './boss-database.ts'
import type { SqlDatabase } from './database.ts'
import { SqlError, toStoreError } from './database.ts'

const SCHEMA = 'parapet_tasks'
const NAME = /^[a-z0-9-]{1,48}$/
/** Milliseconds without a sign of life after which a batch is removed. Clocks of machines may differ by minutes. */
const ABANDONED = 3_600_000
/** Answers whose way to their taker was lost are given to it again after this many seconds, as often as it takes. */
const ANSWERS = { expireInSeconds: 60, retryLimit: 10_000 }

/** In the order in which they can be dropped: failed tasks become answers. */
const KINDS = ['tasks', 'setup', 'answers'] as const
type Kind = (typeof KINDS)[number]
const REMOVALS = 5

/** Opens the queue; its tables are made when they are not there. The database is closed with it. */
export async function openTaskQueue(database: SqlDatabase): Promise<TaskQueue> {
  const Boss = await loadPgBoss()
  const link = new Link(database)
  const boss = new Boss({ schema: SCHEMA, db: link, supervise: false, schedule: false })
  boss.on('error', () => undefined)
  try {
    await boss.start()
  } catch (cause) {
    await boss.stop({ graceful: false, close: false }).catch(() => undefined)
    await database.close()
    throw toQueueError(cause)
  }
  return new BossTaskQueue(boss, link, database)
}

/** Remembers failures: a look for jobs that fails is to pg-boss the same as one that finds none. */
class Link implements PgBoss.Db {
  readonly #db: PgBoss.Db
  failure: unknown = null

  constructor(database: SqlDatabase) {
    this.#db = bossDatabase(database)
  }

  async executeSql(text: string, values: unknown[]): ReturnType<PgBoss.Db['executeSql']> {
    try {
      return await this.#db.executeSql(text, values)
    } catch (cause) {
      this.failure = cause
      throw cause
    }
  }
}

class BossTaskQueue implements TaskQueue {
  readonly specVersion = 'v1'
  readonly name: string
  readonly #boss: PgBoss
  readonly #link: Link
  readonly #database: SqlDatabase
  #closed: Promise<void> | null = null

  constructor(boss: PgBoss, link: Link, database: SqlDatabase) {
    this.#boss = boss
    this.#link = link
    this.#database = database
    this.name = database.name
  }

  begin: TaskQueue['begin'] = (batch, setup, { lease, attempts }: BatchOptions) =>
    told(async () => {
      if (!NAME.test(batch))
        throw new ParapetError('internal', 'The name of a batch is of small letters, digits and -.')
      await this.#remove(batch)
      await this.#boss.createQueue(queueOf(batch, 'answers'), {
        ...{ name: queueOf(batch, 'answers'), ...ANSWERS },
      })
      await this.#boss.createQueue(queueOf(batch, 'setup'), { name: queueOf(batch, 'setup') })
      await this.#boss.send(queueOf(batch, 'setup'), { value: setup }, { id: idOf('setup') })
      // Last: from now on workers find the batch.
      await this.#boss.createQueue(queueOf(batch, 'tasks'), {
        ...{ name: queueOf(batch, 'tasks'), deadLetter: queueOf(batch, 'answers') },
        ...{ expireInSeconds: lease, retryLimit: attempts - 1 },
      })
    })

  put: TaskQueue['put'] = (batch, key, value) =>
    told(async () => {
      const tasks = queueOf(batch, 'tasks')
      if ((await this.#boss.send(tasks, { key, value }, { id: idOf(key) })) !== null) return true
      // It is there already, put in by a call whose answer got lost; or nothing is.
      return (await this.#boss.getQueue(tasks)) !== null
    })

  answers: TaskQueue['answers'] = (batch, count) =>
    told(async () => {
      const jobs = await this.#fetch<{ key: string; answer?: string }>(queueOf(batch, 'answers'), count)
      return jobs.map(({ id, data }): TaskAnswer => ({ receipt: id, key: data.key, value: data.answer ?? null }))
    })

  discard: TaskQueue['discard'] = (batch, answers) =>
    told(async () => {
      if (answers.length > 0)
        await this.#boss.deleteJob(
          queueOf(batch, 'answers'),
          answers.map(({ receipt }) => receipt),
        )
    })

  keep: TaskQueue['keep'] = (batch) =>
    told(async () => {
      await this.#boss.updateQueue(queueOf(batch, 'tasks'), { name: queueOf(batch, 'tasks') })
      await this.#boss.expire()
    })

  end: TaskQueue['end'] = (batch) => told(() => this.#remove(batch))

  batches: TaskQueue['batches'] = () =>
    told(async () => {
      const found: string[] = []
      for (const { name, updatedOn } of await this.#boss.getQueues()) {
        const batch = /^(.+)-tasks$/.exec(name)?.[1]
        if (batch === undefined) continue
        if (Date.now() - new Date(updatedOn).getTime() < ABANDONED) found.push(batch)
        else await this.#remove(batch)
      }
      return found.toSorted()
    })

  setup: TaskQueue['setup'] = (batch) =>
    told(async () => {
      const job = await this.#boss.getJobById<{ value: string }>(queueOf(batch, 'setup'), idOf('setup'))
      return job?.data.value ?? null
    })

  next: TaskQueue['next'] = (batch) =>
    told(async () => {
      const [job] = await this.#fetch<{ key: string; value: string }>(queueOf(batch, 'tasks'), 1)
      return job === undefined ? null : { receipt: job.id, ...job.data }
    })

  answer: TaskQueue['answer'] = (batch, { receipt, key }, answer) =>
    told(() =>
      // Together: a task is either there to be worked on again, or its answer is.
      this.#database.transaction(async (runner) => {
        const db = bossDatabase(runner)
        await this.#boss.send(queueOf(batch, 'answers'), { key, answer }, { id: receipt, db })
        await this.#boss.deleteJob(queueOf(batch, 'tasks'), receipt, { db })
      }),
    )

  giveBack: TaskQueue['giveBack'] = (batch, { receipt, key, value }) =>
    told(() =>
      // Put in anew: pg-boss's own way back would count as an attempt.
      this.#database.transaction(async (runner) => {
        const db = bossDatabase(runner)
        await this.#boss.deleteJob(queueOf(batch, 'tasks'), receipt, { db })
        await this.#boss.send(queueOf(batch, 'tasks'), { key, value }, { id: receipt, db })
      }),
    )

  close(): Promise<void> {
    return (this.#closed ??= (async () => {
      await this.#boss.stop({ graceful: false, close: false })
      await this.#database.close()
    })())
  }

  async #fetch<T>(queue: string, batchSize: number): Promise<readonly PgBoss.Job<T>[]> {
    this.#link.failure = null
    const jobs = await this.#boss.fetch<T>(queue, { batchSize })
    if (jobs.length === 0 && this.#link.failure !== null) throw this.#link.failure
    return jobs
  }

  async #remove(batch: string): Promise<void> {
    const queues = KINDS.map((kind) => queueOf(batch, kind))
    for (let tries = 1; ; tries += 1)
      try {
        // pg-boss drops a queue only when it is empty, and empties it only of jobs that nobody has taken.
        await this.#database.query(`delete from ${SCHEMA}.job where name = any($1)`, [queues])
        for (const queue of queues) await this.#boss.deleteQueue(queue)
        return
      } catch (cause) {
        // A worker has handed something in meanwhile.
        if (tries === REMOVALS) throw cause
      }
  }
}

function queueOf(batch: string, kind: Kind): string {
  return `${batch}-${kind}`
}

/** Ids of jobs are UUIDs: a key has always the same. */
function idOf(key: string): string {
  const hex = createHash('sha256').update(key).digest('hex')
  return hex.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5')
}

async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (cause) {
    throw toQueueError(cause)
  }
}

function toQueueError(cause: unknown): ParapetError {
  if (!(cause instanceof SqlError)) return ParapetError.isInstance(cause) ? cause : toStoreError(cause)
  const { code } = toStoreError(cause)
  const state = cause.sqlState === null ? '' : ` (SQLSTATE ${cause.sqlState})`
  const message =
    code === 'configuration'
      ? `The database of the queue refuses its user${state}: check name, password, database and privileges in its URL.`
      : code === 'input_invalid'
        ? `The queue cannot hold these data${state}.`
        : `The database of the queue cannot be used just now${state}: check its URL, and try again later.`
  return new ParapetError(code, message, { cause })
}
