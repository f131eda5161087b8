/** Options and help of `parapet audit`. What it does is in `audit-command.ts`, loaded when it is called. */
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

export function addAudit(program: Command, io: CliIo, done: Done): void {
  program
    .command('audit')
    .description('find the weights that carry the refusals of your own chat model, and how few they are')
    .requiredOption('--out <folder>', 'folder for run.json, report.html and the masks; an unfinished audit is in run/')
    .option('--model <path>', 'demo, a Hugging Face folder of a Llama or Qwen2 model, or a packed chat model', 'demo')
    .option('--seeds <n>', 'draws of examples, questions and random weights', aboveZero, 3)
    .option('--examples <n>', 'safety and utility examples that weights are scored on', aboveZero, 128)
    .option('--selection-rows <n>', 'rows of each set for each cell of the sweep', aboveZero, 40)
    .option('--rows <n>', 'rows of each set on the test split', aboveZero, 60)
    .option('--threads <n>', 'more than 1 is faster, and not equal from run to run', aboveZero, 1)
    .option('--resume', 'go on with an unfinished audit of the same model and options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example('parapet audit --out audit', 'parapet audit --model my-bot --out audit --resume')}\n\n` +
        'Needs onnxruntime-node. Reads the model and writes no altered weights. Ctrl-C stops between two cells; --resume goes on.\n' +
        'docs/guides/audit.md says what the figures mean.',
    )
    .action(async (options: Record<string, unknown>) => {
      const { runAuditCommand } = await import('./audit-command.ts')
      done(await runAuditCommand(io, options))
    })
}
