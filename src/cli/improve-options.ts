/** Options and help of `parapet improve`. What it does is in `improve-command.ts`, loaded when it is called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

const load = (): Promise<typeof import('./improve-command.ts')> => import('./improve-command.ts')

export function addImprove(program: Command, io: CliIo, done: Done): void {
  const improve = program
    .command('improve')
    .description('make a guard better from reviewed decisions: collect, train, promote, roll back')
    .addHelpText(
      'after',
      `${example(
        'parapet improve start',
        'parapet improve collect reviewed.jsonl --consent application=support',
        'parapet improve train --base rows --tier fast',
        'parapet improve promote v2 --pins pins.json',
        'parapet improve rollback v1 --reason "too many false alarms since Monday"',
      )}\n\ndocs/guides/improve.md tells the whole round.`,
    )
  addStart(improve, io, done)
  addCollect(improve, io, done)
  addTrain(improve, io, done)
  addPin(improve, io, done)
  addPromote(improve, io, done)
  addVersions(improve, io, done)
}

function inFolder(command: Command): Command {
  return command.option('--folder <folder>', 'the improvement folder', 'improve')
}

function addStart(improve: Command, io: CliIo, done: Done): void {
  inFolder(improve.command('start'))
    .description('make the folder; a guard that is there becomes version v1')
    .option('--guard <folder>', 'folder that parapet lab train wrote (else the shipped guard)')
    .option(
      '--hold-out <share>',
      'share of users whose rows are never trained on, and of texts without a user; fixed from now on',
      share,
      0.2,
    )
    .addHelpText('after', example('parapet improve start', 'parapet improve start --guard my-guard'))
    .action(async (options: Record<string, unknown>) => done(await (await load()).runImproveStart(io, options)))
}

function addCollect(improve: Command, io: CliIo, done: Done): void {
  inFolder(improve.command('collect'))
    .description('make a data set of reviewed decisions and of disagreements with a judge')
    .argument('<files...>', 'what parapet export wrote, and files of disagreements: JSON Lines, packed by gzip or not')
    .requiredOption(
      '--consent <rule...>',
      'whose traffic may be learnt from: application=NAME, key=NAME, user=ID, source=NAME, no- before one to refuse it, or a JSON file',
    )
    .option('--reviewer <name...>', 'whose word counts, by the name of their API key (else everybody’s)')
    .option('--anonymous', 'also take decisions without a user, whose rows no forget can find')
    .option('--pins <file>', 'leave out what stands in the pinned sets (else pins.json, where it is there)')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet improve collect reviewed.jsonl --consent application=support --pins pins.json',
        'parapet improve collect reviewed.jsonl disagreements.jsonl --consent consent.json --reviewer ann ben',
      )}\n\nA data set is made of these files only: give whole exports, and what the gateway has deleted is gone.`,
    )
    .action(async (files: readonly string[], options: Record<string, unknown>) =>
      done(await (await load()).runImproveCollect(io, files, options)),
    )
  inFolder(improve.command('forget'))
    .description('take a user out of all data sets, now and in every later collection')
    .argument('<user...>', 'ids of users')
    .action(async (users: readonly string[], options: Record<string, unknown>) =>
      done(await (await load()).runImproveForget(io, users, options)),
    )
}

function addTrain(improve: Command, io: CliIo, done: Done): void {
  inFolder(improve.command('train'))
    .description('train a candidate on base data and collected rows; nothing becomes current')
    .requiredOption('--base <folder>', 'training records of the guard, as --data of parapet lab train')
    .option('--data <id>', 'data set to add (else the newest)')
    .option('--repeat <n>', 'how often each collected row counts', aboveZero, 1)
    .addOption(new Option('--tier <tier>', 'what to train').choices(['fast', 'both']).default('fast'))
    .option('--encoder <file>', 'with --tier both: take the encoder of this deep.bin, which saves an hour')
    .option('--seed <n>', 'the same data, options and seed give the same version', aboveZero, 1)
    .option('--threads <n>', 'threads of the encoder; more than 1 is not equal from run to run', aboveZero, 1)
    .option('--bits <n>', 'log2 of the buckets of the fast tier, 10 to 22 (else 18)', bits)
    .option('--synthetic <n>', 'invented examples of each kind (else 12000)', whole)
    .option('--scale <factor>', 'factor of the number of texts the deep tier learns from', positive)
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet improve train --base rows --repeat 3',
        'parapet improve train --base rows --tier both --encoder my-guard/deep.bin',
      )}\n\nCtrl-C stops. The same command goes on with a deep tier; the fast tier begins again, in minutes.`,
    )
    .action(async (options: Record<string, unknown>) => done(await (await load()).runImproveTrain(io, options)))
}

function addPin(improve: Command, io: CliIo, done: Done): void {
  improve
    .command('pin')
    .description('pin labelled sets that decide about promotions, by the hash of their bytes')
    .argument('<files...>', 'files that parapet bench reads')
    .addOption(
      new Option('--role <role>', 'target: must gain; over_refusal: no more false alarms; keep: must not lose')
        .choices(['target', 'over_refusal', 'keep'])
        .makeOptionMandatory(),
    )
    .option('--pins <file>', 'the pins', 'pins.json')
    .option('--format <name>', 'reader of the bench (else found by columns)')
    .addHelpText(
      'after',
      example(
        'parapet improve pin improve/data/d1/held-out.jsonl.gz --role target',
        'parapet improve pin greetings.jsonl orders.jsonl --role over_refusal',
      ),
    )
    .action(async (files: readonly string[], options: Record<string, unknown>) =>
      done(await (await load()).runImprovePin(io, files, options)),
    )
}

function addPromote(improve: Command, io: CliIo, done: Done): void {
  for (const name of ['promote', 'compare'] as const)
    inFolder(improve.command(name))
      .description(
        name === 'promote'
          ? 'make a candidate current if the pinned sets say so'
          : 'say what promote would, and change nothing',
      )
      .argument('<version>', 'the candidate, such as v2')
      .option('--pins <file>', 'the pins', 'pins.json')
      .addOption(
        new Option('--measure <measure>', 'what a gain is measured in (else F1 where there are both labels)').choices([
          ...['f1', 'accuracy'],
        ]),
      )
      .option('--gain-margin <share>', 'the interval of the gain must lie above this', share, 0)
      .option('--alarm-margin <share>', 'increase of false alarms that counts as none', part, 0.02)
      .option('--loss-margin <share>', 'increase of errors in a language or a kept set that counts as none', part, 0.05)
      .option('--least-rows <n>', 'fewest texts of the target sets together', aboveZero, 30)
      .option('--seed <n>', 'of the bootstrap', aboveZero, 1)
      .option('--json', 'print the record')
      .option('--quiet', 'no progress')
      .addHelpText(
        'after',
        `${example(`parapet improve ${name} v2 --pins pins.json`)}\n\nExit codes: 0 ${name === 'promote' ? 'promoted' : 'would be promoted'} · 1 refused, with the reasons · 2 usage, a changed set or a damaged version · 3 error`,
      )
      .action(async (version: string, options: Record<string, unknown>) =>
        done(await (await load()).runImprovePromote(io, version, options, name === 'compare')),
      )
}

function addVersions(improve: Command, io: CliIo, done: Done): void {
  inFolder(improve.command('rollback'))
    .description('make an earlier version current again')
    .argument('<version>', 'one that has been current')
    .requiredOption('--reason <text>', 'why; it stands in the history')
    .action(async (version: string, options: Record<string, unknown>) =>
      done(await (await load()).runImproveRollback(io, version, options)),
    )
  inFolder(improve.command('versions'))
    .description('list the versions, which is current, and how it became so')
    .option('--json', 'print JSON')
    .action(async (options: Record<string, unknown>) => done(await (await load()).runImproveVersions(io, options)))
}

function share(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value < 1))
    throw new InvalidArgumentError('Give a share from 0 to below 1.')
  return value
}

function part(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Give a share between 0 and 1, such as 0.02.')
  return value
}

function bits(text: string): number {
  const value = Number(text)
  if (!(Number.isInteger(value) && value >= 10 && value <= 22)) throw new InvalidArgumentError('Give 10 to 22.')
  return value
}

function whole(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(Number.isInteger(value) && value >= 0))
    throw new InvalidArgumentError('Give a whole number of at least 0.')
  return value
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}
