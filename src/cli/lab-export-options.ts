/** Options and help of `parapet lab export`. What it does is in `lab-export-command.ts`, loaded when it is called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

export function addExport(lab: Command, io: CliIo, done: Done): void {
  lab
    .command('export')
    .description('write a data set and a configuration for the trainers people use on GPUs')
    .addOption(new Option('--trainer <trainer>', 'for whom').choices(['trl', 'llama-factory']).makeOptionMandatory())
    .requiredOption('--model <folder>', 'Hugging Face folder of the model to tune, or its name on the Hub (OWNER/NAME)')
    .requiredOption('--out <folder>', 'folder for data, configuration and README.md')
    .addOption(
      new Option('--method <method>', 'how to train')
        .choices(['sft', 'dpo', 'ipo', 'kto', 'orpo', 'simpo', 'hard-dpo'])
        .default('sft'),
    )
    .option('--chat <path...>', 'conversations, JSON Lines, as lab train --chat reads them')
    .option('--pairs <path...>', 'preference pairs, JSON Lines')
    .option('--turns <path...>', 'labelled turns, JSON Lines')
    .option('--world', 'training rows of the generated world')
    .addOption(new Option('--stage <stage>', 'with --world').choices(['base', 'aligned']).default('aligned'))
    .option('--rows <n>', 'with --world: rows to make', aboveZero, 20_000)
    .option('--name <name>', 'name of the data set', 'parapet')
    .option('--lora-rank <n>', 'rank of an adapter on all linear layers; 0 tunes the whole model', whole, 8)
    .option('--learning-rate <rate>', 'highest learning rate (2e-4 for sft, 5e-6 for the others)', real)
    .option('--passes <n>', 'passes over the rows', real, 3)
    .option('--max-length <n>', 'longest sequence, in tokens', aboveZero, 1024)
    .option('--batch-size <n>', 'rows on a device at once', aboveZero, 4)
    .option('--accumulation <n>', 'batches of one step', aboveZero, 4)
    .option('--seed <n>', 'of the world, of orders that are drawn, and of training', aboveZero, 1)
    .option('--beta <n>', 'of dpo, kto, simpo and hard-dpo', real)
    .option('--tau <n>', 'of ipo', real)
    .option('--lambda <n>', 'of orpo', real)
    .option('--margin-ratio <n>', 'of simpo: γ/β', real)
    .option('--label-smoothing <n>', 'of dpo: share of labels believed wrong', real)
    .option('--desirable-weight <n>', 'of kto', real)
    .option('--undesirable-weight <n>', 'of kto', real)
    .option('--sft-coefficient <n>', 'of hard-dpo', real)
    .addOption(new Option('--sft-mean <mean>', 'of hard-dpo').choices(['response', 'batch']))
    .addHelpText(
      'after',
      `${example(
        'parapet lab export --trainer trl --chat talks.jsonl --model SmolLM2-135M-Instruct --out export',
        'parapet lab export --trainer llama-factory --method kto --turns turns.jsonl --beta 0.3 --model tuned/model --out export',
        'parapet lab export --trainer trl --world --model Qwen/Qwen2.5-0.5B-Instruct --out export',
      )}\n\nThe README.md in the folder names the commands that train and those that bring the result back. docs/guides/full-size.md goes through both.`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runLabExport } = await import('./lab-export-command.ts')
      done(await runLabExport(io, options))
    })
}

function whole(text: string): number {
  const value = Number(text)
  if (!(text.trim() !== '' && Number.isInteger(value) && value >= 0))
    throw new InvalidArgumentError('Give a whole number of at least 0.')
  return value
}

/** Which numbers a loss takes it checks itself. */
function real(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !Number.isFinite(value)) throw new InvalidArgumentError('Give a number.')
  return value
}
