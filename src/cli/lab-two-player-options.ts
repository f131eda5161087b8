/** Options and help of `parapet lab two-player`. What it does is in `lab-two-player-command.ts`, loaded when it is called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

export function addTwoPlayer(lab: Command, io: CliIo, done: Done): void {
  lab
    .command('two-player')
    .description('let a generator and a classifier train against each other, for languages with few rows')
    .requiredOption('--data <folder>', 'folder of *.jsonl.gz in the record form, or one with train/open/')
    .requiredOption('--out <folder>', 'folder for rows, pairs, run.json and report.html; an unfinished run is in run/')
    .option('--evaluate <path...>', "labelled sets to measure on, such as DuoGuard's (else held-out rows only)")
    .option('--languages <code...>', 'languages of proposals', ['en', 'de', 'fr', 'es'])
    .option('--rounds <n>', 'rounds', aboveZero, 3)
    .option('--seeds <n>', 'seeds, from 1', aboveZero, 1)
    .addOption(
      new Option('--arms <arm...>', 'what is played: the game, its controls')
        .choices(['game', 'frozen', 'static'])
        .default(['game', 'static']),
    )
    .option('--english <n>', 'English rows of the seed; other languages have their share of it', aboveZero, 4000)
    .option('--seeds-per-round <n>', 'English rows that are proposed about in a round', aboveZero, 600)
    .option('--proposals <n>', 'proposals of each of them in each language', aboveZero, 8)
    .option('--temperature <t>', 'of the generator', positive, 0.7)
    .addOption(
      new Option('--outputs <n>', "the classifier's: harmful at all, or the paper's twelve categories")
        .choices(['one', 'twelve'])
        .default('one'),
    )
    .addOption(
      new Option('--loss <loss>', "of twelve outputs: the paper's or the released code's; of one they are the same")
        .choices(['bce', 'zlpr'])
        .default('bce'),
    )
    .addOption(
      new Option('--generator <kind>', 'who proposes')
        .choices(['transforms', 'decoder', 'engine'])
        .default('transforms'),
    )
    .option('--lexicon <code=file...>', 'of transforms and decoder: lines ENGLISH<TAB>WORD for a language')
    .option('--small-lexicon', 'of transforms and decoder: the small lexicon, whatever is installed')
    .option('--decoder-steps <n>', 'of the decoder: steps in which it learns what transforms do', aboveZero, 600)
    .option(
      '--engine <model>',
      'of the engine: a Hugging Face folder, a GGUF file or a URL; it needs some 500 tokens of context',
    )
    .option('--model <name>', 'of the engine: model to ask for, of a URL', 'default')
    .option('--api-key-env <name>', 'of the engine: environment variable with the key of the URL')
    .option('--timeout <seconds>', 'of the engine: longest wait for an answer', positive, 60)
    .option('--strict-ratings', 'of the engine: reject ratings outside 1 to 5')
    .option('--resume', 'go on with an unfinished run of the same data and options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet lab two-player --data rows --out played --evaluate duoguard_openai.jsonl.gz',
        'parapet lab two-player --data rows --out played --seeds 3 --resume',
        'parapet lab two-player --data rows --out played --generator engine --engine http://127.0.0.1:8080/v1 --arms game',
      )}\n\nCtrl-C stops between two steps; --resume goes on. docs/guides/two-player.md says what the game is and what it gains.`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runLabTwoPlayer } = await import('./lab-two-player-command.ts')
      done(await runLabTwoPlayer(io, options))
    })
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}
