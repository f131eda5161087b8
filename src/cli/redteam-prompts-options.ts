/** Options and help of `parapet redteam prompts`. What it does is in `redteam-prompts-command.ts`, loaded when it is called. */
import { InvalidArgumentError } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'

export function addPrompts(redteam: Command, io: CliIo, done: Done): void {
  redteam
    .command('prompts')
    .alias('run')
    .description('attack a model or a running gateway with prompts, and report what gets through')
    .option('--out <folder>', 'folder for run.json, report.html, junit.xml and the rows as they come')
    .option(
      '--target <target>',
      'demo, a Hugging Face folder, a GGUF file, or the URL of a model server or gateway',
      'demo',
    )
    .option('--model <name>', 'model to ask for, of a URL', 'default')
    .option('--api-key-env <name>', 'environment variable that holds the key of --target; no other host gets it')
    .option('--goals <file>', 'goals of your own, JSON Lines (else forbidden requests of the invented world)')
    .option('--count <n>', "the world's goals a seed", aboveZero, 8)
    .option('--seeds <n>', 'seeds, from 1', aboveZero, 1)
    .option('--attacks <name...>', 'families, attacks or compositions such as no-rules+base64@de')
    .option('--without <name...>', 'families or attacks to leave out')
    .option('--languages <code...>', 'languages to ask in beside a goal’s own', ['en', 'de', 'fr', 'es'])
    .option('--translate', 'translate English goals into these languages with Apertium')
    .option('--best-of <n>', 'tries of best-of-n', aboveZero, 10)
    .option(
      '--guards <name...>',
      'guard settings: none, policy, policy:FILE; on a world model also world-guard, cascade, primeguard',
      ['none'],
    )
    .option(
      '--judge <judge>',
      'what a success is: strict, string, world-model, model, or policy:FILE#GUARD (default strict)',
    )
    .option('--beside <judge...>', 'more judges, measured beside it')
    .option('--judge-model <target>', 'model of --judge model: as --target', 'demo')
    .option('--judge-model-name <name>', 'model to ask for, of a URL as --judge-model', 'default')
    .option('--attacker <target>', 'model that leads multi-turn attacks: as --target')
    .option('--attacker-name <name>', 'model to ask for, of a URL as --attacker', 'default')
    .option('--turns <n>', 'turns it may take', aboveZero, 4)
    .option('--max-tokens <n>', 'longest answer, in tokens', aboveZero, 64)
    .option('--temperature <t>', 'of the target', notNegative, 0)
    .option('--concurrency <n>', 'cases at a time', aboveZero, 8)
    .option('--rate <n>', 'questions to a URL a minute at most', positive)
    .option('--timeout <seconds>', 'longest wait for an answer of a URL or a GGUF file', positive, 60)
    .option('--max-queries <n>', 'budget of questions to the target', aboveZero)
    .option('--max-total-tokens <n>', 'budget of tokens', positive)
    .option('--max-minutes <n>', 'budget of time', positive)
    .option('--no-controls', 'leave out the harmless requests in the same wrappers')
    .option('--keep-texts', "keep questions and answers of your own goals too (the world's are always kept)")
    .option(
      '--fail-on <limit...>',
      'exit with 1 when passed: asr>0.05, asr[encoding]>0.1, over-refusal@cascade>0.2, failures>0.1',
    )
    .option('--junit <file>', 'where the JUnit report goes (else junit.xml in the folder)')
    .option('--resume', 'go on with an unfinished run of the same settings')
    .option('--list', 'only list the attacks with their sources')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet redteam prompts --out red --guards none world-guard cascade primeguard',
        'parapet redteam prompts --out red --target http://127.0.0.1:4141 --model small --goals mine.jsonl --judge string',
        "parapet redteam prompts --out red --guards policy:parapet.yaml --fail-on 'asr>0.05' 'asr[encoding]>0.1'",
      )}\n\nFor models of your own. Nothing is asked but the target, the judge and the attacker you name.\n` +
        'Exit codes: 0 done · 1 a limit was passed · 2 usage · 3 the target is gone (--resume goes on). docs/guides/redteam.md',
    )
    .action(async (options: Record<string, unknown>) => {
      const { runRedteamPrompts } = await import('./redteam-prompts-command.ts')
      done(await runRedteamPrompts(io, options))
    })
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}

function notNegative(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value >= 0 && value < Infinity))
    throw new InvalidArgumentError('Give a number of at least 0.')
  return value
}
