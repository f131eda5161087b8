/** Options and help of `parapet lab align`. What it does is in `lab-align-command.ts`, loaded when it is called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

export function addAlign(lab: Command, io: CliIo, done: Done): void {
  lab
    .command('align')
    .description('align a chat model on preference data, or measure what alignment gains on generated flows')
    .requiredOption('--out <folder>', 'folder for the model, run.json and report.html; an unfinished run is in run/')
    .option('--from <folder>', 'Hugging Face folder of the model to align, or demo')
    .option('--data <file>', 'preference pairs or labelled turns, JSON Lines')
    .addOption(
      new Option('--loss <loss>', 'what to learn by')
        .choices(['ipo', 'kto', 'dpo', 'orpo', 'simpo', 'hard-dpo', 'sft'])
        .default('ipo'),
    )
    .option('--beta <n>', 'of kto, dpo, simpo and hard-dpo', real)
    .option('--tau <n>', 'of ipo', real)
    .addOption(new Option('--log-ratio <form>', 'of ipo').choices(['token-mean', 'sum']))
    .option('--lambda <n>', 'of orpo', real)
    .option('--margin-ratio <n>', 'of simpo: γ/β', real)
    .option('--desirable-weight <n>', 'of kto; evens out the numbers of good and bad turns if neither is set', real)
    .option('--undesirable-weight <n>', 'of kto', real)
    .option('--passes <n>', 'passes over the data', positive, 1)
    .option('--learning-rate <rate>', 'highest learning rate', positive, 5e-5)
    .option('--lora-rank <n>', 'rank of an adapter on all linear layers; 0 tunes the whole model', whole, 8)
    .option(
      '--batch <n>',
      'pairs or turns of a step; memory goes by vocabulary and tokens of their responses',
      aboveZero,
      8,
    )
    .option('--max-length <n>', 'longest prompt with its response, in tokens', aboveZero, 512)
    .option('--seed <n>', 'the same data, options and seed give the same model at one thread', aboveZero, 1)
    .addOption(
      new Option('--flows', 'instead: all regimes and controls on generated flows, over several seeds').conflicts([
        ...['loss', 'beta', 'tau', 'logRatio', 'lambda', 'marginRatio', 'desirableWeight', 'undesirableWeight'],
        ...['passes', 'learningRate', 'loraRank', 'batch', 'maxLength', 'seed'],
      ]),
    )
    .addOption(ofFlows('--seeds <n>', 'seeds, from 1', 3))
    .addOption(ofFlows('--pretrain-steps <n>', 'steps until the small bot can do the task', 1000))
    .addOption(ofFlows('--phase-steps <n>', 'steps of every phase', 60))
    .addOption(ofFlows('--situations <n>', 'turns of the test split', 300))
    .option('--threads <n>', 'more than 1 is faster, and not equal from run to run', aboveZero, 1)
    .option('--resume', 'go on with an unfinished run of the same data and options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet lab align --from my-bot --data pairs.jsonl --loss ipo --out aligned',
        'parapet lab align --from my-bot --data turns.jsonl --loss kto --beta 0.3 --lora-rank 0 --out aligned',
        'parapet lab align --flows --out flows',
      )}\n\nCtrl-C stops between two steps; --resume goes on. docs/guides/align.md says which loss for what, and how to make the data.`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runLabAlign } = await import('./lab-align-command.ts')
      done(await runLabAlign(io, options))
    })
}

function ofFlows(flags: string, description: string, value: number): Option {
  const option = new Option(flags, `with --flows: ${description}`).argParser(aboveZero).default(value)
  return option.conflicts(['from', 'data'])
}

function whole(text: string): number {
  const value = Number(text)
  if (!(text.trim() !== '' && Number.isInteger(value) && value >= 0))
    throw new InvalidArgumentError('Give a whole number of at least 0.')
  return value
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

/** Which numbers a loss takes it checks itself. */
function real(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Give a number.')
  return value
}
