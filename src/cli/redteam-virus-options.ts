/** Options and help of `parapet redteam virus`. What it does is in `redteam-virus-command.ts`, loaded when it is called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

export function addVirus(redteam: Command, io: CliIo, done: Done): void {
  redteam
    .command('virus')
    .description('make fine-tuning data that passes your moderation guard: what does the filter stop?')
    .requiredOption('--out <folder>', 'folder for run.json and report.html; an unfinished run is in run/')
    .option(
      '--model <path>',
      'Hugging Face folder or packed chat model on this machine, or demo: the shipped one',
      'demo',
    )
    .option('--owner-statement <text>', 'in your words: that the model is yours; it is written into the report')
    .option('--rows <n>', 'conversations of an upload', aboveZero, 100)
    .option('--ratio <p>', 'share of poison among them', share, 0.4)
    .option('--lambda <w>', 'weight of the guard against similarity', share, 0.7)
    .option('--sweep-lambda <list>', 'more values of λ, such as 0.01,0.1', shares, [])
    .option('--sweep-ratio <list>', 'more shares of poison', shares, [])
    .option('--sweep-rows <list>', 'more sizes of an upload', wholes, [])
    .option('--seeds <n>', 'seeds, from 1', aboveZero, 3)
    .option('--steps <n>', 'steps of the search of a conversation', aboveZero, 8)
    .option('--candidates <n>', 'swaps of tokens scored a step', aboveZero, 32)
    .option('--top-k <n>', 'tokens a place that are candidates', aboveZero, 32)
    .addOption(
      new Option('--tuned <weights>', 'what the service tunes, and the attacker compares gradients of')
        .choices(['all', 'attention'])
        .default('all'),
    )
    .option('--epochs <n>', 'passes of the tuning over what passes the filter', aboveZero, 3)
    .option('--rate <rate>', 'learning rate of the tuning', positive, 1e-3)
    .option('--batch <n>', 'conversations of an update', aboveZero, 10)
    .option('--guard-steps <n>', 'updates of the decoder guard', aboveZero, 60)
    .option('--measured <n>', 'rows of each set in each measurement', aboveZero, 60)
    .addOption(
      new Option('--split <split>', 'rows to measure on: selection to choose settings, test to report')
        .choices(['selection', 'test'])
        .default('test'),
    )
    .option('--keep', 'keep altered weights and optimised uploads, in kept/ of the run folder')
    .option('--threads <n>', 'more than 1 is faster, and not equal from run to run', aboveZero, 1)
    .option('--resume', 'go on with an unfinished run of the same options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet redteam virus --out virus --owner-statement "I trained this model and may test it"',
        'parapet redteam virus --sweep-lambda 0.1,0.9 --sweep-rows 200 --out virus --owner-statement "…"',
      )}\n\nFor models that are yours. Needs onnxruntime-node. Ctrl-C stops; --resume goes on. docs/guides/virus.md explains the figures.`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runRedteamVirus } = await import('./redteam-virus-command.ts')
      done(await runRedteamVirus(io, options))
    })
}

/** Which shares a run takes it says itself. */
function share(text: string): number {
  const value = Number(text)
  if (!(text.trim() !== '' && value >= 0 && value <= 1)) throw new InvalidArgumentError('Give a number from 0 to 1.')
  return value
}

function shares(text: string): readonly number[] {
  return text.split(',').map(share)
}

function wholes(text: string): readonly number[] {
  return text.split(',').map((part) => aboveZero(part.trim()))
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}
