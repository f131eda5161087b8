/**
 * The tables, and how a database of an older version becomes one of this. Each step has a number, is written once and never changed;
 * all that are missing run in one transaction, under a lock that keeps a second gateway from running them at the same time.
 */
import { ParapetError } from '../spec/errors.ts'
import type { SqlDatabase, SqlRunner } from './database.ts'
import { toStoreError } from './database.ts'

/** Any fixed number: whoever migrates holds the advisory lock with it. */
const LOCK = 7_241_690_433

interface Migration {
  readonly version: number
  readonly name: string
  readonly sql: string
}

/**
 * `fillfactor`: a record that is open is written again in place. `json`, not `jsonb`: judged texts hold what `jsonb` refuses
 * (zero characters, half surrogate pairs). Expiry is looked up by ranges of pages, which costs a row nothing.
 */
const MIGRATIONS: readonly Migration[] = [
  {
    version: 1,
    name: 'decisions and feedback',
    sql: `
      create table parapet.decisions (
        id text collate "C" primary key,
        at double precision not null,
        expires double precision not null,
        state text not null,
        door text not null,
        decision text not null,
        application text collate "C",
        user_id text collate "C",
        conversation text collate "C",
        key_name text collate "C",
        review text,
        review_body json,
        content_size integer not null,
        body json not null,
        content json
      ) with (fillfactor = 90);
      create index decisions_at on parapet.decisions (at desc, id desc);
      create index decisions_user on parapet.decisions (user_id, at desc, id desc) where user_id is not null;
      create index decisions_key on parapet.decisions (key_name, at desc, id desc) where key_name is not null;
      create index decisions_review on parapet.decisions (review, at desc, id desc) where review is not null;
      create index decisions_expires on parapet.decisions using brin (expires);
      create table parapet.feedback (
        decision_id text collate "C" not null references parapet.decisions (id) on delete cascade,
        id text collate "C" not null,
        at double precision not null,
        body json not null,
        primary key (decision_id, id)
      );`,
  },
  { version: 2, name: 'critiques', sql: 'alter table parapet.decisions add column critiques json;' },
]

/** Version of the tables this program writes. */
export const SCHEMA_VERSION: number = MIGRATIONS.at(-1)?.version ?? 0

/** Brings the tables up to date. Rejects with `configuration` when they are of a newer Parapet. */
export async function migrate(database: SqlDatabase, migrations: readonly Migration[] = MIGRATIONS): Promise<void> {
  const latest = migrations.at(-1)?.version ?? 0
  try {
    if ((await versionOf(database)) === latest) return
    await database.transaction(async (runner) => {
      await runner.query('select pg_advisory_xact_lock($1)::text', [LOCK])
      // Asking first, because `create schema` needs a privilege even when there is nothing to create.
      const [schema] = await runner.query(`select 1 as there from pg_namespace where nspname = 'parapet'`)
      if (schema === undefined) await runner.query('create schema parapet')
      await runner.query(
        `create table if not exists parapet.migrations (
           version integer primary key, name text not null, at timestamptz not null default now())`,
      )
      const before = (await versionOf(runner)) ?? 0
      if (before > latest) throw newer(database.name, before, latest)
      for (const { version, name, sql } of migrations) {
        if (version <= before) continue
        await runner.script(sql)
        await runner.query('insert into parapet.migrations (version, name) values ($1, $2)', [version, name])
      }
    })
  } catch (cause) {
    throw toStoreError(cause)
  }
}

/** Null when there is no table of migrations. */
async function versionOf(runner: SqlRunner): Promise<number | null> {
  const [table] = await runner.query(`select to_regclass('parapet.migrations')::text as name`)
  if (typeof table?.['name'] !== 'string') return null
  const [row] = await runner.query('select coalesce(max(version), 0)::integer as version from parapet.migrations')
  return Number(row?.['version'])
}

function newer(name: string, found: number, known: number): ParapetError {
  return new ParapetError(
    'configuration',
    `The ${name} was written by a newer Parapet (tables of version ${found}, this one knows ${known}): update Parapet, or use ` +
      'another store.',
  )
}
