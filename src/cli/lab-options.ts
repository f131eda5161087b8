/** Options and help of `parapet lab`. What it does is in the command's own file, loaded when it is called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

export function addLab(program: Command, io: CliIo, done: Done): void {
  const lab = program.command('lab').description('train guards of your own')
  lab
    .command('train')
    .description('train the embedded guard model from labelled records')
    .requiredOption('--data <folder>', 'folder of *.jsonl.gz in the record form, or one with train/open/ and dev/')
    .requiredOption('--out <folder>', 'folder for the models; an unfinished run is kept in its folder run/')
    .option('--extra <path...>', 'more files in the record form, such as translated rows')
    .option('--parallel <path...>', 'files of English texts beside translations; without them the deep tier is English')
    .option('--lexicon <path...>', 'files of lines ENGLISH<TAB>WORD')
    .addOption(new Option('--tier <tier>', 'what to train').choices(['fast', 'both']).default('both'))
    .option('--seed <n>', 'the same data, options and seed give the same fast model', aboveZero, 1)
    .option('--threads <n>', 'threads of the encoder; more than 1 is not equal from run to run', aboveZero, 1)
    .option('--scale <factor>', 'factor of the number of texts the deep tier learns from', positive, 1)
    .option('--without-share-alike', 'leave out rows under share-alike licences')
    .option('--resume', 'go on with an unfinished run of the same data and options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet lab train --data rows --out my-guard --tier fast',
        'parapet lab train --data rows --out my-guard --parallel pairs.jsonl.gz --resume',
      )}\n\nCtrl-C stops between two steps; --resume goes on. docs/guides/train.md describes the record form.`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runLabTrain } = await import('./lab-train-command.ts')
      done(await runLabTrain(io, options))
    })
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}
