/** Options and help of `parapet bench`. What it does is in `bench-command.ts`, loaded when it is called. */
import { Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'
import type { Runtime } from './runtime.ts'

export function addBench(program: Command, io: CliIo, runtime: Runtime, done: Done): void {
  const bench = benchOptions(program.command('bench'))
    .description('measure guards on labelled data and write a report')
    .addHelpText(
      'after',
      `${example(
        'parapet bench --data labelled.jsonl --out run',
        'parapet bench --data toxic_chat.csv xstest.csv --subject policy:parapet.yaml judge:http://127.0.0.1:11434/v1#llama3',
        'parapet bench compare --data labelled.jsonl',
        'parapet bench show run',
      )}\n\nExit codes: 0 measured · 2 usage · 3 a subject got no answer at all`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runBench } = await import('./bench-command.ts')
      done(await runBench(io, runtime, options))
    })
  benchOptions(bench.command('compare'))
    .description('Parapet beside other guard packages in one run, or two finished runs')
    .argument('[runs...]', 'two run folders; without them, --data is judged')
    .option('--require-rivals', 'a package that is not installed is an error')
    .addHelpText(
      'after',
      example('parapet bench compare --data labelled.jsonl', 'parapet bench compare run-before run-after'),
    )
    .action(async (runs: readonly string[], _options: Record<string, unknown>, command: Command) => {
      const { runBenchCompare } = await import('./bench-command.ts')
      done(await runBenchCompare(io, runtime, runs, command.optsWithGlobals()))
    })
  bench
    .command('show')
    .description('print the table of a finished run')
    .argument('<folder>', 'the run folder')
    .option('--json', 'print the run as JSON')
    .addHelpText('after', example('parapet bench show run'))
    .action(async (folder: string, _options: Record<string, unknown>, command: Command) => {
      const { runBenchShow } = await import('./bench-command.ts')
      done(await runBenchShow(io, folder, command.optsWithGlobals()))
    })
}

/** Also those of `compare`, whose values commander gives to `bench`: an option that both have is taken by the outer command. */
function benchOptions(command: Command): Command {
  return command
    .option('--data <path...>', 'labelled files or folders; files of one set joined with commas')
    .option('--format <name>', 'format of the data (else found by its columns)')
    .option(
      '--subject <subject...>',
      'what to measure: embedded (default; embedded:fast and embedded:deep are its tiers alone, embedded:FOLDER one of your own), policy, policy:FILE, rules, remote:URL, moderation:URL[#MODEL], judge:[FORMAT@]URL#MODEL, judge:FILE#GUARD (a judge of a policy), vard, llm_guardrail, hai-guardrails',
    )
    .option(
      '--judge-harm <task...>',
      'tasks whose label is what a judge calls harm (default: prompt_harm response_harm)',
    )
    .option('--api-key-env <name...>', 'variable with the key of the server, as NAME or HOST=NAME')
    .option('--threshold <policy>', 'own, fixed:0.5, fpr:0.05@SET, conformal:0.05@SET or miss:0.1@SET', 'own')
    .option('--calibration <path...>', 'files whose sets thresholds are fitted on; never reported')
    .option('--calibration-format <name>', 'format of those files')
    .option('--out <folder>', 'new folder for the run (else one named after the time)')
    .option('--task <task...>', 'only sets of these tasks')
    .option('--language <code...>', 'only samples in these languages')
    .option('--limit <n>', 'most samples of a set, drawn by the seed', aboveZero)
    .option('--seed <n>', 'seed of the draw and of the intervals', aboveZero, 1)
    .option('--concurrency <n>', 'samples at a time; more than 1 distorts latency', aboveZero, 1)
    .option('--timeout <seconds>', 'longest answer', aboveZero, 30)
    .addOption(
      new Option('--failures <policy>', 'what a failed answer counts as')
        .choices(['positive', 'exclude'])
        .default('positive'),
    )
    .option('--json', 'print the run as JSON')
    .option('--quiet', 'no progress')
}
