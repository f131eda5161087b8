/** Options and help of `parapet screen`. What it does is in `screen-command.ts`, loaded when it is called. */
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
    .option('--threads <n>', 'threads of the checkpoint; more than 1 is not equal from run to run', aboveZero, 1)
    .option('--seed <n>', 'the same data, options and seed give the same result', aboveZero, 1)
    .option('--resume', 'go on with an unfinished run of the same data and options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet screen train.jsonl --out screened --clean clean.jsonl --flagged rest.jsonl',
        'parapet screen train.jsonl --out screened --reference known-good.jsonl --workers 4',
        'parapet screen train.jsonl --out screened --model my-model --canary --reference known-good.jsonl',
      )}\n\nExit codes: 0 screened, and no more than --fail-on did not pass · 1 more did not pass, or the canary lost its safety or shows nothing · 2 usage · 3 error\nA filter alone proves nothing; the canary is the only check that optimised rows cannot get past. docs/guides/screen.md`,
    )
    .action(async (data: readonly string[], options: Record<string, unknown>) => {
      const { runScreenCommand } = await import('./screen-command.ts')
      done(await runScreenCommand(io, runtime, data, options))
    })
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
