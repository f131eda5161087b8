/** Options and help of `parapet screen` and `parapet screen-worker`. What they do is in `screen-command.ts` and `screen-worker-command.ts`, loaded when called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'
import type { Runtime } from './runtime.ts'

export function addScreen(program: Command, io: CliIo, runtime: Runtime, done: Done): void {
  program
    .command('screen')
    .description('judge training data before a model is tuned on it')
    .argument('<data...>', 'files of training data: JSON Lines or a JSON array, packed by gzip or not')
    .requiredOption('--out <folder>', 'folder for report.html, run.json and rows.jsonl')
    .option('--clean <file>', 'where the rows that passed go, as they came')
    .option('--flagged <file>', 'where all other rows go, those that could not be screened among them')
    .addOption(
      new Option('--format <name>', "form of the rows (else each file's own)").choices([
        ...['openai', 'sharegpt', 'alpaca', 'completion', 'preference'],
      ]),
    )
    .option('--fail-on <share>', 'exit with 1 when more than this share of the rows did not pass', share, 0)
    .option('--reference <file>', 'rows known to be clean: thresholds are fitted on them')
    .option('--false-alarms <share>', 'share of clean rows that fitted thresholds may flag', part, 0.005)
    .option('--known <file>', 'rows known to be harmful, for near-duplicates and directions of harm')
    .option('--guard <file...>', 'model files of guards in place of the shipped ones; the first is the main one')
    .option('--policy <file>', 'also judge every exchange by this policy')
    .option('--judge <file#guard>', 'also ask the judge that a policy file defines')
    .option(
      '--model <folder>',
      'checkpoint that is to be trained, or demo: adds tests with its likelihoods and gradients',
    )
    .option('--canary', 'with --model: tune a copy on the set and compare what it refuses')
    .option('--canary-epochs <n>', 'passes of that tuning', positive, 4)
    .option('--canary-rate <rate>', 'its highest learning rate', positive, 0.0005)
    .option('--canary-batch <n>', 'conversations of an update', aboveZero, 8)
    .option('--canary-rows <n>', 'conversations tuned on, at most', aboveZero, 2000)
    .option('--probe <file>', 'requests that the model refuses (else forbidden ones of the small world)')
    .option('--probe-rows <n>', 'requests asked', aboveZero, 100)
    .option('--workers <n>', 'threads that judge rows', aboveZero, 1)
    .option(
      '--queue <url>',
      'have rows judged by `parapet screen-worker` on any machine, over this PostgreSQL (a URL, or the name of a variable that holds one)',
    )
    .option(
      '--lease <seconds>',
      'with --queue: rows of a worker that does not answer for so long go to another',
      lease,
      60,
    )
    .option('--threads <n>', 'threads of the checkpoint; more than 1 is not equal from run to run', aboveZero, 1)
    .option('--seed <n>', 'the same data, options and seed give the same result', aboveZero, 1)
    .option('--resume', 'go on with an unfinished run of the same data and options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet screen train.jsonl --out screened --clean clean.jsonl --flagged rest.jsonl',
        'parapet screen train.jsonl --out screened --reference known-good.jsonl --workers 4',
        'parapet screen train.jsonl --out screened --queue PARAPET_QUEUE',
        'parapet screen train.jsonl --out screened --model my-model --canary --reference known-good.jsonl',
      )}\n\nExit codes: 0 screened, and no more than --fail-on did not pass · 1 more did not pass, or the canary lost its safety or shows nothing · 2 usage · 3 error\nA filter alone proves nothing; the canary is the only check that optimised rows cannot get past. docs/guides/screen.md`,
    )
    .action(async (data: readonly string[], options: Record<string, unknown>) => {
      const { runScreenCommand } = await import('./screen-command.ts')
      done(await runScreenCommand(io, runtime, data, options))
    })
  program
    .command('screen-worker')
    .description('judge rows for every `parapet screen --queue` of a database, until it is stopped')
    .requiredOption('--queue <url>', 'PostgreSQL of the queue: a URL, or the name of a variable that holds one')
    .option('--guard <file...>', 'model files of guards, the same that the screens are given')
    .option('--idle <seconds>', 'end after so long without work', aboveZero)
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'PARAPET_QUEUE=postgres://parapet:…@db.example.org/parapet parapet screen-worker --queue PARAPET_QUEUE',
      )}\n\nIt needs no file of the screens: rows come through the queue. Start one for each processor. docs/guides/screen.md`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runScreenWorkerCommand } = await import('./screen-worker-command.ts')
      done(await runScreenWorkerCommand(io, runtime, options))
    })
}

/** Less than the day that the queue allows. */
function lease(text: string): number {
  const value = aboveZero(text)
  if (value > 80_000) throw new InvalidArgumentError('Give at most 80000 seconds.')
  return value
}

function share(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value <= 1)) throw new InvalidArgumentError('Give a share from 0 to 1.')
  return value
}

function part(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < 1)) throw new InvalidArgumentError('Give a share between 0 and 1, such as 0.01.')
  return value
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}
