/** `parapet forget`: deletes every decision recorded of a user, through the running gateway. */
import type { DeletedBody } from '../contract/index.ts'
import { EXIT_OK, usageError } from './exit.ts'
import { connectGateway } from './gateway-client.ts'
import type { CliIo } from './io.ts'

export async function runForget(io: CliIo, user: string, options: Readonly<Record<string, unknown>>): Promise<number> {
  if (options['yes'] !== true) {
    throw usageError('this deletes records for good. Say so with --yes.')
  }
  const client = await connectGateway(io, {
    url: options['url'] as string | undefined,
    dataDir: options['dataDir'] as string | undefined,
  })
  const { deleted } = await client.json<DeletedBody>('DELETE', `/v1/users/${encodeURIComponent(user)}/decisions`)
  await io.stdout.write(`deleted ${deleted} decision(s)\n`)
  return EXIT_OK
}
