/** Options and help of `parapet redteam unalign`. What it does is in `redteam-unalign-command.ts`, loaded when it is called. */
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

export function addUnalign(redteam: Command, io: CliIo, done: Done): void {
  redteam
    .command('unalign')
    .description('tune your model on a few forbidden answers: how deep do its refusals sit, and which defence helps')
    .requiredOption('--out <folder>', 'folder for run.json and report.html; an unfinished run is in run/')
    .option(
      '--model <path>',
      'Hugging Face folder or packed chat model on this machine, or demo: the shipped one',
      'demo',
    )
    .option('--owner-statement <text>', 'in your words: that the model is yours; it is written into the report')
    .option('--examples <list>', 'numbers of examples of the dose curve', whole, [0, 10, 25, 50, 100])
    .option('--methods <list>', 'full, lora or both', words, ['full', 'lora'])
    .option('--seeds <n>', 'seeds, from 1', aboveZero, 3)
    .option('--rows <n>', 'rows of each set in each measurement', aboveZero, 120)
    .option('--epochs <n>', 'passes over the examples', aboveZero, 1)
    .option('--batch <n>', 'examples of an update', aboveZero, 10)
    .option(
      '--rates <list>',
      'learning rates to choose from on the selection split; its own of each method if absent',
      rates,
    )
    .option('--defences <list>', 'defences to measure beside it, all or none', words, ['all'])
    .option(
      '--mask <file>',
      'weights that the defence frozen-weights keeps: a .masks file that parapet audit made of this model',
    )
    .option('--no-bias-probe', 'leave the bias probe out')
    .option('--keep', 'keep the altered weights, in weights/ of the run folder')
    .option('--threads <n>', 'more than 1 is faster, and not equal from run to run', aboveZero, 1)
    .option('--resume', 'go on with an unfinished run of the same options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet redteam unalign --out unaligned --owner-statement "I trained this model and may test it"',
        'parapet redteam unalign --model my-bot --examples 0,100 --defences mixing,repair --out u --owner-statement "…"',
      )}\n\nFor models that are yours. Needs onnxruntime-node. Ctrl-C stops; --resume goes on. docs/guides/unalign.md explains the figures.`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runRedteamUnalign } = await import('./redteam-unalign-command.ts')
      done(await runRedteamUnalign(io, options))
    })
}

function words(text: string): readonly string[] {
  const list = text.split(',').map((word) => word.trim())
  if (list.includes('')) throw new InvalidArgumentError('Give words with commas between them.')
  return list
}

function whole(text: string): readonly number[] {
  const list = words(text).map(Number)
  if (!list.every((value) => Number.isInteger(value) && value >= 0))
    throw new InvalidArgumentError('Give whole numbers of at least 0 with commas between them.')
  return list
}

function rates(text: string): readonly number[] {
  const list = words(text).map(Number)
  if (!list.every((value) => value > 0 && value < Infinity))
    throw new InvalidArgumentError('Give numbers above 0 with commas between them.')
  return list
}
