/** The contract of stores, against all there are: in memory, embedded PostgreSQL, a PostgreSQL server. */
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, test } from 'vitest'
import { createDecisionStore, openEmbeddedDatabase, openPostgresDatabase } from '../../src/store/index.ts'
import { createMemoryStore } from '../../src/testing/index.ts'
import { describeDecisionStore } from './contract.ts'
import type { PostgresServer } from './postgres-server.ts'
import { findPostgres, startPostgres } from './postgres-server.ts'

describeDecisionStore('memory', async () => createMemoryStore())

describe('on disk', () => {
  let folder = ''
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'parapet-store-'))
  })
  afterAll(() => rm(folder, { recursive: true, force: true }))
  describeDecisionStore('embedded PostgreSQL', async () =>
    createDecisionStore(await openEmbeddedDatabase(join(folder, 'database'))),
  )
})

const programs = findPostgres()
if (programs === null) {
  test.skip('PostgreSQL server: none is installed (Debian: apt-get install postgresql)', () => undefined)
} else {
  describe('by URL', () => {
    let server: PostgresServer
    beforeAll(async () => {
      server = await startPostgres(programs)
    })
    afterAll(() => server.remove())
    describeDecisionStore('PostgreSQL server', async () =>
      createDecisionStore(await openPostgresDatabase({ url: server.url('parapet') })),
    )
  })
}
