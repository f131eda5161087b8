/** Options and help of `parapet lab`. What it does is in the command's own file, loaded when it is called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import { addAlign } from './lab-align-options.ts'
import { addDistill } from './lab-distill-options.ts'
import { addExport } from './lab-export-options.ts'
import { addTwoPlayer } from './lab-two-player-options.ts'
import type { Done } from './record-commands.ts'

export function addLab(program: Command, io: CliIo, done: Done): void {
  const lab = program.command('lab').description('train guards and small chat models')
  lab
    .command('train')
    .description('train the embedded guard model from labelled records, or tune a chat model on conversations')
    .option('--data <folder>', 'folder of *.jsonl.gz in the record form, or one with train/open/ and dev/')
    .requiredOption('--out <folder>', 'folder for the models; an unfinished run is kept in its folder run/')
    .option('--extra <path...>', 'more files in the record form, such as translated rows')
    .option('--parallel <path...>', 'files of English texts beside translations; without them the deep tier is English')
    .option('--lexicon <path...>', 'files of lines ENGLISH<TAB>WORD')
    .addOption(
      new Option('--encoder <file>', 'take the encoder of this deep.bin instead of training one').conflicts([
        ...['parallel', 'lexicon'],
      ]),
    )
    .addOption(new Option('--tier <tier>', 'what to train').choices(['fast', 'both']).default('both'))
    .option('--seed <n>', 'the same data, options and seed give the same fast or chat model', aboveZero, 1)
    .option(
      '--threads <n>',
      'threads of the encoder or the chat model; more than 1 is not equal from run to run',
      aboveZero,
      1,
    )
    .option('--scale <factor>', 'factor of the number of texts the deep tier learns from', positive, 1)
    .option('--without-share-alike', 'leave out rows under share-alike licences')
    .addOption(
      new Option('--chat <path...>', 'tune on these conversations (JSON Lines) instead').conflicts([
        ...['data', 'extra', 'parallel', 'lexicon', 'encoder', 'tier', 'scale', 'withoutShareAlike'],
      ]),
    )
    .addOption(
      new Option('--from <folder>', 'with --chat: Hugging Face folder of the model to tune, or demo').conflicts('data'),
    )
    .option('--passes <n>', 'with --chat: passes over the conversations', positive, 3)
    .option('--learning-rate <rate>', 'with --chat: highest learning rate', positive, 2e-4)
    .option(
      '--lora-rank <n>',
      'with --chat: rank of an adapter on all linear layers; 0 tunes the whole model',
      whole,
      8,
    )
    .option('--max-length <n>', 'with --chat: longest conversation, in tokens', aboveZero, 512)
    .option('--resume', 'go on with an unfinished run of the same data and options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        'parapet lab train --data rows --out my-guard --tier fast',
        'parapet lab train --data rows --out my-guard --parallel pairs.jsonl.gz --resume',
        'parapet lab train --chat talks.jsonl --from SmolLM2-135M-Instruct --out tuned',
      )}\n\nCtrl-C stops between two steps; --resume goes on. docs/guides/train.md describes the record form, docs/guides/decoders.md conversations.`,
    )
    .action(async (options: Record<string, unknown>) => {
      if (options['chat'] !== undefined) {
        const { runLabChat } = await import('./lab-chat-command.ts')
        done(await runLabChat(io, options))
        return
      }
      const { runLabTrain } = await import('./lab-train-command.ts')
      done(await runLabTrain(io, options))
    })
  addWorld(lab, io, done)
  addAlign(lab, io, done)
  addGenerate(lab, io, done)
  addExport(lab, io, done)
  addDistill(lab, io, done)
  addTwoPlayer(lab, io, done)
}

function addWorld(lab: Command, io: CliIo, done: Done): void {
  lab
    .command('world')
    .description('train a small chat model on a generated world, and measure it on what was held out')
    .requiredOption('--out <folder>', 'folder for the models, run.json and report.html')
    .option('--seed <n>', 'the same options and seed give the same model at one thread', aboveZero, 1)
    .option('--rows <n>', 'different rows of each stage', aboveZero, 120_000)
    .option('--base-steps <n>', 'steps of the stage in which every request is complied with', aboveZero, 6500)
    .option('--aligned-steps <n>', 'steps of the stage that teaches to refuse', aboveZero, 4500)
    .option('--per-kind <n>', 'rows of each kind in each evaluation', aboveZero, 240)
    .option('--threads <n>', 'more than 1 is faster, and not equal from run to run', aboveZero, 1)
    .addOption(
      new Option('--evaluate <folder>', 'train nothing: measure this Hugging Face folder').conflicts([
        ...['baseSteps', 'alignedSteps', 'threads', 'resume'],
      ]),
    )
    .option('--adapter <folder>', 'with --evaluate: PEFT folder of an adapter to merge into it')
    .option('--resume', 'go on with an unfinished run of the same options')
    .option('--quiet', 'no progress')
    .addHelpText(
      'after',
      `${example(
        ...['parapet lab world --out world', 'parapet lab world --out world --resume'],
        'parapet lab world --evaluate SmolLM2-135M-Instruct --adapter output --out measured',
      )}\n\nNeeds onnxruntime-node; about an hour. docs/guides/decoders.md says what the world is.`,
    )
    .action(async (options: Record<string, unknown>) => {
      const { runLabWorld } = await import('./lab-world-command.ts')
      done(await runLabWorld(io, options))
    })
}

function addGenerate(lab: Command, io: CliIo, done: Done): void {
  lab
    .command('generate')
    .description('let a checkpoint answer a prompt')
    .requiredOption(
      '--model <folder>',
      'Hugging Face folder of a Llama or Qwen2 model with its tokenizer, or demo: the shipped one',
    )
    .option('--adapter <folder>', 'PEFT folder of an adapter to merge into it')
    .requiredOption('--prompt <text>', 'what the user says')
    .option('--system <text>', 'what the system says')
    .option('--max-tokens <n>', 'longest answer, in tokens', aboveZero, 128)
    .option('--temperature <t>', '0 takes the likeliest token each time', notNegative, 0)
    .option('--top-p <p>', 'sample from the likeliest tokens of this share', positive)
    .option('--seed <n>', 'of sampling', aboveZero, 1)
    .option('--count <n>', 'answers', aboveZero, 1)
    .addHelpText('after', example('parapet lab generate --model world/aligned --prompt "What is the opposite of day?"'))
    .action(async (options: Record<string, unknown>) => {
      const { runLabGenerate } = await import('./lab-generate-command.ts')
      done(await runLabGenerate(io, options))
    })
}

function whole(text: string): number {
  const value = Number(text)
  if (!(Number.isInteger(value) && value >= 0)) throw new InvalidArgumentError('Give a whole number of at least 0.')
  return value
}

function notNegative(text: string): number {
  const value = Number(text)
  if (!(value >= 0 && value < Infinity)) throw new InvalidArgumentError('Give a number of at least 0.')
  return value
}

function positive(text: string): number {
  const value = Number(text)
  if (!(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}
