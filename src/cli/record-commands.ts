/**
 * Options and help of the commands about what was decided and who may ask: `review`, `export`, `forget`, `keys`. What they do is in
 * files of their own, loaded when called.
 */
import { Argument, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'

/** Takes the exit code of a command. */
export type Done = (code: number) => void

/** Options of commands that speak to the running gateway. */
export function gatewayOptions(command: Command): Command {
  return command
    .option('--url <url>', 'gateway to speak to (else PARAPET_URL, else the one that runs on the data folder)')
    .option('--data-dir <folder>', 'data folder of the running gateway', '.parapet')
}

function filterOptions(command: Command): Command {
  return command
    .option('--from <time>', 'made at or after this date or time')
    .option('--to <time>', 'made before this date or time')
    .option('--decision <list>', 'only these decisions, separated by commas')
    .option('--door <name>', 'only from this door, for example chat-completions')
    .option('--user <id>', 'only of this user')
    .option('--application <id>', 'only of this application')
    .option('--conversation <id>', 'only of this conversation')
    .option('--key <name>', 'only made with this API key')
    .option('--feedback', 'only those that somebody gave feedback on')
}

const GATEWAY_TEXT =
  '\n\nEnvironment: PARAPET_URL, PARAPET_OPERATOR_KEY (a key with the role operator, for a gateway elsewhere)'

export function addReview(program: Command, io: CliIo, done: Done): void {
  const load = (): Promise<typeof import('./review-command.ts')> => import('./review-command.ts')
  const review = gatewayOptions(program.command('review'))
    .description('decide what waits for a human, and label decisions')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      `${example(
        'parapet review',
        'parapet review approve dec_5f0c0a3e6d5b4a0e9b1f6c2d7e8a9b10 --note "fine here"',
        'parapet review label dec_5f0c0a3e6d5b4a0e9b1f6c2d7e8a9b10 false-positive --expected pass',
      )}${GATEWAY_TEXT}`,
    )
    .action(async (options: Record<string, unknown>) => done(await (await load()).runReview(io, options)))
  filterOptions(gatewayOptions(review.command('list')))
    .description('list held decisions, the oldest first')
    .addOption(new Option('--review <state>', 'which').choices(['pending', 'approved', 'rejected']).default('pending'))
    .option('--json', 'print JSON Lines')
    .action(async (_options: unknown, command: Command) =>
      done(await (await load()).runReviewList(io, command.optsWithGlobals())),
    )
  gatewayOptions(review.command('show'))
    .description('show one decision')
    .argument('<id>', 'id of the decision')
    .option('--json', 'print JSON')
    .action(async (id: string, _options: unknown, command: Command) =>
      done(await (await load()).runReviewShow(io, id, command.optsWithGlobals())),
    )
  for (const verdict of ['approve', 'reject'] as const) {
    gatewayOptions(review.command(verdict))
      .description(verdict === 'approve' ? 'let a held answer go' : 'keep a held answer back for good')
      .argument('<id>', 'id of the decision')
      .option('--note <text>', 'why')
      .action(async (id: string, _options: unknown, command: Command) =>
        done(await (await load()).runReviewSettle(io, id, verdict, command.optsWithGlobals())),
      )
  }
  gatewayOptions(review.command('label'))
    .description('say whether a decision was right')
    .argument('<id>', 'id of the decision')
    .addArgument(new Argument('<verdict>', 'what it was').choices(['correct', 'false-positive', 'false-negative']))
    .addOption(
      new Option('--expected <decision>', 'what it should have been').choices([
        'pass',
        'flag',
        'modify',
        'refuse',
        'hold',
        'block',
      ]),
    )
    .option('--label <label...>', 'labels that apply')
    .option('--note <text>', 'why')
    .action(async (id: string, verdict: string, _options: unknown, command: Command) =>
      done(await (await load()).runReviewLabel(io, id, verdict, command.optsWithGlobals())),
    )
}

export function addRecords(program: Command, io: CliIo, done: Done): void {
  filterOptions(gatewayOptions(program.command('export')))
    .description('write recorded decisions as JSON Lines')
    .option('--out <file>', 'where to (- or nothing: standard output)')
    .addHelpText(
      'after',
      `${example('parapet export --from 2026-11-01 --decision block,error --out november.jsonl')}${GATEWAY_TEXT}`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runExport } = await import('./export-command.ts')
      done(await runExport(io, options))
    })
  gatewayOptions(program.command('forget'))
    .description('delete every decision recorded of a user')
    .argument('<user>', 'id of the user')
    .option('--yes', 'really')
    .addHelpText('after', `${example('parapet forget user-4711 --yes')}${GATEWAY_TEXT}`)
    .action(async (user: string, options: Record<string, unknown>) => {
      const { runForget } = await import('./forget-command.ts')
      done(await runForget(io, user, options))
    })
}

export function addKeys(program: Command, io: CliIo, done: Done): void {
  const load = (): Promise<typeof import('./keys-command.ts')> => import('./keys-command.ts')
  const folder = ['--data-dir <folder>', 'data folder of the gateway', '.parapet'] as const
  const keys = program
    .command('keys')
    .description('API keys of the gateway, kept as hashes')
    .addHelpText(
      'after',
      example('parapet keys add shop --application shop --requests-per-minute 600', 'parapet keys revoke shop'),
    )
  keys
    .command('add')
    .description('make a key and print it once')
    .argument('<name>', 'by which the policy, metrics and decisions know it')
    .option(...folder)
    .option('--operator', 'may see, review, export and delete all decisions')
    .option('--application <id>', "fixes the caller's application, and with it the scope of the policy")
    .option('--user <id>', "fixes the caller's user")
    .option('--requests-per-minute <n>', 'limit', aboveZero)
    .option('--concurrency <n>', 'requests at the same time', aboveZero)
    .option('--upstream <name>', 'upstream it uses when it names none')
    .action(async (name: string, options: Record<string, unknown>) =>
      done(await (await load()).runKeysAdd(io, name, options)),
    )
  keys
    .command('list')
    .description('list keys, without the keys themselves')
    .option(...folder)
    .option('--json', 'print JSON')
    .action(async (options: Record<string, unknown>) => done(await (await load()).runKeysList(io, options)))
  keys
    .command('revoke')
    .description('take a key away; a running gateway refuses it within a second')
    .argument('<name>', 'its name')
    .option(...folder)
    .action(async (name: string, options: Record<string, unknown>) =>
      done(await (await load()).runKeysRevoke(io, name, options)),
    )
}
