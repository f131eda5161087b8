/**
 * Decisions in SQL. Everything is one statement, so that none is half done; lists are read by position (`at`, `id`), so that a page
 * costs the same wherever it is and nothing that arrives shifts it.
 */
import type { KeptCritique } from '../spec/critique.ts'
import { ParapetError } from '../spec/errors.ts'
import type { DecisionRecord, StoredDecision } from '../spec/record.ts'
import type { DecisionQuery, DecisionStore } from '../spec/store.ts'
import { checkedLimit, fromCursor, toCursor } from './cursor.ts'
import type { SqlDatabase, SqlParameter, SqlRow, SqlRunner } from './database.ts'
import { SqlError, toStoreError } from './database.ts'
import { fromRow, storedColumns } from './decision-rows.ts'
import { migrate } from './migrations.ts'
import { toKey, toRowText } from './row-text.ts'

/** Records in one statement at most. */
const ROWS = 1000
/** Rows deleted by one statement: writers wait for no longer than that takes. */
const DELETED = 2000
const TRIES = 3
/** Characters of captured texts on one page, about. */
const PAGE_TEXT = 8 * 1024 * 1024
/** Rows written or deleted after which an unattended database is vacuumed. */
const WORTH_VACUUM = 20_000

/**
 * Bodies come as texts of their own: a JSON value inside a JSON value would be unescaped on its way, and judged texts hold characters
 * that cannot be.
 */
const WRITE = `
  insert into parapet.decisions as d (id, at, expires, state, door, decision, application, user_id, conversation, key_name,
    content_size, body, content, review)
  select r.id, r.at, r.expires, r.state, r.door, r.decision, r.application, r.user_id, r.conversation, r.key_name,
    r.content_size, r.body::json, r.content::json, case when r.decision = 'hold' then 'pending' end
  from rows from (
    json_to_recordset($1::json) as (id text, at double precision, expires double precision, state text, door text, decision text,
      application text, user_id text, conversation text, key_name text, content_size integer),
    unnest($2::text[]),
    unnest($3::text[])
  ) as r (id, at, expires, state, door, decision, application, user_id, conversation, key_name, content_size, body, content)
  on conflict (id) do update set
    at = excluded.at, expires = excluded.expires, state = excluded.state, door = excluded.door, decision = excluded.decision,
    application = excluded.application, user_id = excluded.user_id, conversation = excluded.conversation,
    key_name = excluded.key_name, body = excluded.body, content = excluded.content,
    content_size = excluded.content_size + coalesce(length(d.critiques::text), 0), review = coalesce(d.review, excluded.review)
  where not (d.state = 'final' and excluded.state = 'open')`

/** The decisions in a database, whose tables are made or brought up to date when they are first used. */
export function createDecisionStore(database: SqlDatabase): DecisionStore {
  return new SqlDecisionStore(database)
}

class SqlDecisionStore implements DecisionStore {
  readonly specVersion = 'v1'
  readonly name: string
  readonly #database: SqlDatabase
  #ready: Promise<void> | null = null
  #touched = 0

  constructor(database: SqlDatabase) {
    this.#database = database
    this.name = database.name
  }

  async write(records: readonly DecisionRecord[]): Promise<void> {
    const rows = newest(inOrder(records)).map(toRowText)
    if (rows.length === 0) return
    const insert = async (runner: SqlRunner): Promise<void> => {
      for (let from = 0; from < rows.length; from += ROWS) {
        const some = rows.slice(from, from + ROWS)
        const columns = some.map((row) => row.columns).join(',')
        await runner.query(WRITE, [`[${columns}]`, some.map(({ body }) => body), some.map(({ content }) => content)])
      }
    }
    await this.#run((database) => (rows.length <= ROWS ? insert(database) : database.transaction(insert)))
    this.#touched += rows.length
  }

  async get(id: string): Promise<StoredDecision | null> {
    const [row] = await this.#query(`select ${storedColumns()} from parapet.decisions d where d.id = $1`, [toKey(id)])
    return row === undefined ? null : fromRow(row)
  }

  list: DecisionStore['list'] = async (query, options = {}) => {
    const limit = checkedLimit(options.limit)
    const conditions = new Conditions(query)
    if (options.cursor !== undefined) conditions.after(fromCursor(options.cursor))
    // One more than asked for tells whether there is another page; texts beyond what a page may weigh are not read.
    const rows = await this.#query(
      `select ${storedColumns('d.weight >= ' + PAGE_TEXT)}, d.weight >= ${PAGE_TEXT} as heavy from (
         select *, sum(content_size) over (order by at desc, id desc) - content_size as weight
         from parapet.decisions ${conditions.sql} order by at desc, id desc limit ${limit + 1}
       ) d order by d.at desc, d.id desc`,
      conditions.parameters,
    )
    const items = rows
      .slice(0, limit)
      .filter((row) => row['heavy'] !== true)
      .map(fromRow)
    const last = items.at(-1)
    return { items, next: last === undefined || items.length === rows.length ? null : toCursor(last) }
  }

  review: DecisionStore['review'] = async (id, review) => {
    const { state, ...told } = review
    if (state !== 'approved' && state !== 'rejected')
      throw new ParapetError('input_invalid', 'A review says `approved` or `rejected`.', {
        details: { param: 'state' },
      })
    const [settled] = await this.#query(
      `update parapet.decisions d set review = $2, review_body = $3::json where d.id = $1 and d.review = 'pending'
       returning ${storedColumns()}`,
      [toKey(id), state, JSON.stringify(told)],
    )
    if (settled !== undefined) return { settled: true, decision: fromRow(settled) }
    const decision = await this.get(id)
    return decision === null ? null : { settled: false, decision }
  }

  addFeedback: DecisionStore['addFeedback'] = async (id, feedback) => {
    const [added] = await this.#query(
      `insert into parapet.feedback (decision_id, id, at, body)
       select d.id, $2, $3::double precision, $4::json from parapet.decisions d where d.id = $1
       on conflict (decision_id, id) do update set at = excluded.at, body = excluded.body
       returning 1 as added`,
      [toKey(id), toKey(feedback.id), feedback.at, JSON.stringify(feedback)],
    )
    return added === undefined ? null : this.get(id)
  }

  async addCritiques(id: string, critiques: readonly KeptCritique[]): Promise<boolean> {
    const [added] = await this.#query(
      `update parapet.decisions set critiques = $2::json,
         content_size = content_size - coalesce(length(critiques::text), 0) + length($2::json::text)
       where id = $1 returning 1 as added`,
      [toKey(id), JSON.stringify(critiques)],
    )
    this.#touched += 1
    return added !== undefined
  }

  deleteUser(user: string): Promise<number> {
    return this.#delete('user_id = $1', [toKey(user)])
  }

  async deleteExpired(now: number): Promise<number> {
    const deleted = await this.#delete('expires < $1::double precision', [now])
    if (this.#database.unattended && this.#touched >= WORTH_VACUUM) {
      this.#touched = 0
      await this.#query('vacuum (analyze) parapet.decisions', [])
    }
    return deleted
  }

  async ping(): Promise<void> {
    await this.#query('select 1 as alive', [])
  }

  close(): Promise<void> {
    return this.#database.close()
  }

  async #delete(condition: string, parameters: readonly SqlParameter[]): Promise<number> {
    let deleted = 0
    for (;;) {
      const [row] = await this.#query(
        `with gone as (
           delete from parapet.decisions where id in (
             select id from parapet.decisions where ${condition} limit ${DELETED}
           ) returning 1
         ) select count(*)::integer as gone from gone`,
        parameters,
      )
      const gone = Number(row?.['gone'] ?? 0)
      deleted += gone
      this.#touched += gone
      if (gone < DELETED) return deleted
    }
  }

  #query(sql: string, parameters: readonly SqlParameter[]): Promise<readonly SqlRow[]> {
    return this.#run((database) => database.query(sql, parameters))
  }

  async #run<T>(work: (database: SqlDatabase) => Promise<T>): Promise<T> {
    try {
      await (this.#ready ??= migrate(this.#database))
    } catch (cause) {
      this.#ready = null
      throw cause
    }
    for (let tries = 1; ; tries += 1) {
      try {
        return await work(this.#database)
      } catch (cause) {
        // Given up in favour of another transaction: what was asked for is as good as before.
        const again = cause instanceof SqlError && cause.sqlState?.startsWith('40') === true && tries < TRIES
        if (!again) throw toStoreError(cause)
      }
    }
  }
}

/** Of records in order, one for each id: the last final one, else the last. */
function newest(records: readonly DecisionRecord[]): readonly DecisionRecord[] {
  const kept: DecisionRecord[] = []
  for (const record of records) {
    const last = kept.at(-1)
    if (last?.id !== record.id) kept.push(record)
    else if (record.state === 'final' || last.state === 'open') kept[kept.length - 1] = record
  }
  return kept
}

/** By id: writers that lock the same rows in the same order never wait for each other in a circle. */
function inOrder(records: readonly DecisionRecord[]): readonly DecisionRecord[] {
  return records.toSorted((left, right) => (left.id < right.id ? -1 : left.id > right.id ? 1 : 0))
}

/** A query's conditions in SQL. */
class Conditions {
  readonly parameters: SqlParameter[] = []
  readonly #all: string[] = []

  constructor(query: DecisionQuery) {
    if (query.from !== undefined) this.#add('at >= $::double precision', query.from)
    if (query.to !== undefined) this.#add('at < $::double precision', query.to)
    if (query.decisions !== undefined) this.#add('decision = any($::text[])', query.decisions)
    if (query.doors !== undefined) this.#add('door = any($::text[])', query.doors.map(toKey))
    if (query.user !== undefined) this.#add('user_id = $', toKey(query.user))
    if (query.application !== undefined) this.#add('application = $', toKey(query.application))
    if (query.conversation !== undefined) this.#add('conversation = $', toKey(query.conversation))
    if (query.key !== undefined) this.#add('key_name = $', toKey(query.key))
    if (query.review !== undefined) this.#add('review = $', query.review)
    if (query.withFeedback === true)
      this.#all.push('exists (select 1 from parapet.feedback f where f.decision_id = decisions.id)')
  }

  after({ at, id }: { readonly at: number; readonly id: string }): void {
    this.parameters.push(at, toKey(id))
    const count = this.parameters.length
    this.#all.push(`(at, id) < ($${count - 1}::double precision, $${count}::text)`)
  }

  get sql(): string {
    return this.#all.length === 0 ? '' : `where ${this.#all.join(' and ')}`
  }

  #add(condition: string, value: SqlParameter): void {
    this.parameters.push(value)
    this.#all.push(condition.replace('$', () => `$${this.parameters.length}`))
  }
}
