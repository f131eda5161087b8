/** Options and help of `parapet lab distill` and its stages. What they do is in `lab-distill-command.ts`, loaded when one is called. */
import { InvalidArgumentError, Option } from 'commander'
import type { Command } from 'commander'
import { aboveZero, example } from './command-help.ts'
import type { CliIo } from './io.ts'
import type { DistillStage } from './lab-distill-command.ts'
import type { Done } from './record-commands.ts'

export function addDistill(lab: Command, io: CliIo, done: Done): void {
  const distill = lab
    .command('distill')
    .description('teach a guard to explain itself: critiques (ThinkGuard) and reasoning (GuardReasoner)')
    .addHelpText(
      'after',
      `${example(
        'parapet lab distill run --rows rows.jsonl --dev dev.jsonl --out distilled',
        'parapet lab distill synthesise --kind critique --rows rows.jsonl --out critique.jsonl',
        'parapet lab distill train --format thinkguard --rows rows.jsonl --explanations critique.jsonl --out guard',
      )}\n\nsynthesise, train, align and run go on where they stood when they are called again; the others begin again. docs/guides/reasoning-guards.md goes through all of them.`,
    )
  const stage = (name: DistillStage, command: Command): void => {
    command.option('--quiet', 'no progress').action(async (options: Record<string, unknown>) => {
      const { runLabDistill } = await import('./lab-distill-command.ts')
      done(await runLabDistill(io, name, options))
    })
  }
  stage(
    'rows',
    distill
      .command('rows')
      .description('labelled rows from files in the record form')
      .requiredOption('--data <folder>', 'folder of *.jsonl.gz in the record form')
      .requiredOption('--out <file>', 'JSON Lines')
      .option('--language <code...>', 'languages kept (all)')
      .option('--count <n>', 'about so many, balanced over tasks, labels and sources', aboveZero, 3000)
      .option('--longest <n>', 'characters of a text; longer ones are cut', aboveZero, 200)
      .option('--seed <n>', 'of the choice', aboveZero, 1),
  )
  stage('synthesise', synthesis(distill.command('synthesise').alias('synthesize')))
  stage('train', training(distill.command('train')))
  stage('mine', mining(distill.command('mine')))
  stage('align', alignment(distill.command('align')))
  stage(
    'evaluate',
    withFormat(distill.command('evaluate'))
      .description('figures of a guard on labelled rows, with intervals and the better constant')
      .requiredOption('--model <folder>', 'the guard')
      .requiredOption('--rows <file>', 'labelled rows it never learnt')
      .requiredOption('--out <file>', 'JSON')
      .option('--resamples <n>', 'of the bootstrap', aboveZero, 1000)
      .option('--seed <n>', 'of the bootstrap', aboveZero, 1),
  )
  stage('export', exporting(distill.command('export')))
  stage('run', ablation(distill.command('run')))
}

const ROWS = 'labelled rows, JSON Lines'

function synthesis(command: Command): Command {
  return teacherOptions(command)
    .description('critiques or reasoning for every row, checked against its labels')
    .addOption(new Option('--kind <kind>', 'what to write').choices(['critique', 'reasoning']).makeOptionMandatory())
    .requiredOption('--rows <file>', ROWS)
    .requiredOption('--out <file>', 'JSON Lines; the same call goes on with it')
    .option('--tries <n>', 'times a row is asked about before it is dropped', aboveZero, 3)
    .option('--concurrency <n>', 'rows asked about at a time', aboveZero, 1)
    .option(
      '--max-calls <n>',
      'no row is begun beyond so many calls of the teacher, earlier ones of the same file included',
      aboveZero,
    )
    .option('--max-tokens <n>', 'tokens of question and answer, likewise', aboveZero)
}

function teacherOptions(command: Command): Command {
  return command
    .option('--teacher <name>', 'rules (no model), the URL of an OpenAI-compatible server, or a .gguf file', 'rules')
    .option('--teacher-model <name>', 'model of the server')
    .option('--api-key-env <name>', 'environment variable with the key of the server', 'PARAPET_TEACHER_KEY')
}

function training(command: Command): Command {
  return shapeOptions(withFormat(command))
    .description('train a guard on rows and their explanations')
    .requiredOption('--rows <file>', ROWS)
    .option('--explanations <file>', 'what synthesise wrote; without it thinkguard learns labels alone')
    .option(
      '--from <folder>',
      'checkpoint to start from; control tokens it lacks are added (else a small guard from nothing)',
    )
    .requiredOption('--out <folder>', 'folder for model/ and train.json')
    .option('--passes <n>', 'passes over the rows', real, 3)
    .option('--learning-rate <rate>', 'highest learning rate', real, 3e-3)
    .addOption(reductionOption())
    .option('--threads <n>', 'more than 1 is faster, and not equal from run to run', aboveZero, 1)
    .option('--seed <n>', 'the same rows, options and seed give the same guard at one thread', aboveZero, 1)
}

function mining(command: Command): Command {
  return command
    .description('inputs on which sampled outputs are right and wrong, as weighted pairs')
    .requiredOption('--model <folder...>', 'reasoning guards; several are an ensemble, the first one first')
    .requiredOption('--rows <file>', ROWS)
    .requiredOption('--out <file>', 'JSON Lines')
    .option('--samples <n>', 'outputs a row', aboveZero, 4)
    .option('--temperature <t>', 'of the samples (0.7 in the released code)', real, 1)
    .option('--top-p <p>', 'of the samples', real, 0.95)
    .addOption(
      new Option('--pick <which>', 'which right and wrong output').choices(['random', 'longest']).default('random'),
    )
    .option('--gamma <n>', 'weights lie in 1 ± gamma', real, 0.2)
    .option('--threads <n>', 'threads', aboveZero, 1)
    .option('--seed <n>', 'of samples and choices', aboveZero, 1)
}

function alignment(command: Command): Command {
  return command
    .description('hard-sample DPO on what mine wrote')
    .requiredOption('--model <folder>', 'the reasoning guard, which is also the reference')
    .requiredOption('--rows <file>', 'the rows that were mined')
    .requiredOption('--hard <file>', 'what mine wrote')
    .requiredOption('--out <folder>', 'folder for model/ and align.json')
    .option('--passes <n>', 'passes over the pairs', real, 2)
    .option(
      '--learning-rate <rate>',
      'highest learning rate (5e-6 in the paper, for models of 1 to 8 billion)',
      real,
      3e-4,
    )
    .option('--batch <n>', 'pairs of a step', aboveZero, 8)
    .option('--beta <n>', 'strength of the pull towards the reference', real, 0.01)
    .option('--sft-coefficient <n>', 'of the likelihood of the right output', real, 2)
    .option('--weigh-sft', 'weights scale the likelihood too')
    .option('--threads <n>', 'threads', aboveZero, 1)
    .option('--seed <n>', 'of the order', aboveZero, 1)
}

function exporting(command: Command): Command {
  return command
    .description('the same data and the papers’ settings for trainers on GPUs')
    .addOption(
      new Option('--kind <kind>', 'what').choices(['thinkguard', 'guardreasoner', 'hard']).makeOptionMandatory(),
    )
    .addOption(new Option('--trainer <trainer>', 'for whom').choices(['trl', 'llama-factory']).default('llama-factory'))
    .requiredOption('--model <folder>', 'what the trainer is to load: a folder, or a name on the Hub')
    .requiredOption('--rows <file>', ROWS)
    .option('--explanations <file>', 'what synthesise wrote')
    .option('--hard <file>', 'with --kind hard: what mine wrote')
    .requiredOption('--out <folder>', 'an empty folder')
    .option('--lora-rank <n>', 'rank of an adapter; 0 tunes the whole model, as the papers do', whole, 0)
    .option('--batch-size <n>', 'rows on a device at once (else GuardReasoner’s 6, of hard pairs 1)', aboveZero)
    .option('--accumulation <n>', 'batches of one step (else GuardReasoner’s 16, of hard pairs 64)', aboveZero)
    .option('--seed <n>', 'of the training', aboveZero, 1)
}

function ablation(command: Command): Command {
  return shapeOptions(teacherOptions(command))
    .description('everything: explanations, four arms, figures beside the embedded guard, a report')
    .requiredOption('--rows <file>', ROWS)
    .requiredOption('--dev <file>', 'labelled rows that are measured and never learnt; a set is a source and a task')
    .requiredOption('--out <folder>', 'run folder; the same call goes on with it')
    .option(
      '--arms <list>',
      'label, critique, reasoning, hard; none writes the report of what is finished',
      'label,critique,reasoning,hard',
    )
    .option('--seeds <n>', 'every arm with so many seeds', aboveZero, 1)
    .option('--from <folder>', 'checkpoint that all arms start from; control tokens it lacks are added')
    .option('--passes <n>', 'passes of the supervised arms', real, 3)
    .option('--learning-rate <rate>', 'of the supervised arms', real, 3e-3)
    .addOption(reductionOption())
    .option('--mined <n>', 'rows sampled for hard ones', aboveZero, 600)
    .option('--members <n>', 'more guards that mine, each without a third of the sources', whole, 1)
    .option('--threads <n>', 'threads', aboveZero, 1)
}

function withFormat(command: Command): Command {
  return command.addOption(
    new Option('--format <format>', 'which paper’s records')
      .choices(['thinkguard', 'guardreasoner'])
      .makeOptionMandatory(),
  )
}

function reductionOption(): Option {
  return new Option('--reduction <how>', 'how label and critique make one loss (else turn-mean)').choices([
    'sum',
    'token-mean',
    'turn-mean',
  ])
}

function shapeOptions(command: Command): Command {
  return command
    .option('--width <n>', 'of a guard from nothing', aboveZero, 96)
    .option('--layers <n>', 'likewise', aboveZero, 3)
    .option('--heads <n>', 'likewise', aboveZero, 4)
    .option('--max-length <n>', 'tokens of prompt and answer together, likewise', aboveZero, 512)
    .option('--vocabulary <n>', 'tokens, likewise', aboveZero, 2048)
}

function whole(text: string): number {
  const value = Number(text)
  if (!(text.trim() !== '' && Number.isInteger(value) && value >= 0))
    throw new InvalidArgumentError('Give a whole number of at least 0.')
  return value
}

function real(text: string): number {
  const value = Number(text)
  if (text.trim() === '' || !(value > 0 && value < Infinity)) throw new InvalidArgumentError('Give a number above 0.')
  return value
}
