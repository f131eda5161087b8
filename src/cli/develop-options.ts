/** Options and help of `parapet develop`. What it does is in `develop-command.ts`, loaded when it is called. */
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'
import type { Runtime } from './runtime.ts'

export function addDevelop(program: Command, io: CliIo, runtime: Runtime, done: Done): void {
  program
    .command('develop')
    .description('make an off-topic guard from a specification, without data')
    .argument('<specification>', 'YAML: what the application is for, what misuse means, edge cases, system prompts')
    .requiredOption('--out <folder>', 'folder for topic.bin, parapet.yaml, report.html, run.json and samples.jsonl')
    .option(
      '--engine <file#judge>',
      'a judge of a policy file, whose model writes the samples and is measured beside the guard',
    )
    .option('--replies <n>', 'replies asked of the model, a system prompt each', aboveZero, 60)
    .option('--tokens <n>', 'ask nothing more once so many tokens are spent', many)
    .option('--scopes <n>', 'system prompts, where no model writes them', aboveZero, 24)
    .option('--per-scope <n>', 'samples of each system prompt, half of them off topic', aboveZero, 40)
    .option('--threshold <p>', 'off topic above this score', between(0.4, 0.6), 0.5)
    .option(
      '--false-alarms <share>',
      'operating point: on-topic requests that may be flagged; more finds more',
      between(0, 0.5),
      0.05,
    )
    .option('--start <file>', 'model to begin with (else the shipped one)')
    .option('--harmful <file>', 'labelled records (.jsonl.gz): their harmful prompts are measured beside random scopes')
    .option('--seed <n>', 'the same specification, options and seed give the same guard', aboveZero, 1)
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet develop specification.yaml --out guard',
        'parapet develop specification.yaml --out guard --engine judges.yaml#scope --replies 200 --tokens 500000',
      )}\n\nThe same command goes on with a run that was stopped. docs/guides/develop.md`,
    )
    .action(async (specification: string, options: Record<string, unknown>) => {
      const { runDevelopCommand } = await import('./develop-command.ts')
      done(await runDevelopCommand(io, runtime, specification, options))
    })
}

function many(text: string): number {
  if (!/^[1-9]\d{0,11}$/.test(text)) throw new InvalidArgumentError('Give a whole number above 0.')
  return Number(text)
}

function between(low: number, high: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (text.trim() === '' || !(value >= low && value <= high))
      throw new InvalidArgumentError(`Give a number from ${low} to ${high}.`)
    return value
  }
}
