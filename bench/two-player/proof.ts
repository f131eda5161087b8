/**
 * DuoGuard's claim at the size that runs here (arXiv 2502.05163): with a generator that is rewarded for fooling the classifier, average
 * precision in German, French and Spanish rises over rounds, the gap to English shrinks, and English does not fall. Beside the game: the
 * seed alone (round 0), and static augmentation by as many rows of each language.
 *
 *   npm run proof:two-player -- --data DIR [--out FOLDER] [--seeds 3] [--rounds 3] [--english 6000] [--seeds-per-round 800] [--resume]
 *
 * DIR holds train/open/ and dev/ with DuoGuard's sets in the record form. The set `duoguard_openai` is named as selection: tasks and size of
 * the seed were chosen by it, on the classifier of round 0, and an earlier trial with one seed looked at the game's result too. It is in the
 * means all the same. It also plays the game in closed form.
 */
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import {
  gameTranslator,
  type GameTranslator,
  type LanguageFigures,
  mirroredGame,
  playToyGame,
  runTwoPlayer,
  transformGenerator,
} from '../../src/lab/train/two-player/index.ts'
import { ParapetError } from '../../src/spec/index.ts'

const { values } = parseArgs({
  options: {
    data: { type: 'string' },
    out: { type: 'string', default: 'bench/results/two-player' },
    seeds: { type: 'string', default: '3' },
    rounds: { type: 'string', default: '3' },
    english: { type: 'string', default: '6000' },
    'seeds-per-round': { type: 'string', default: '800' },
    resume: { type: 'boolean', default: false },
  },
})
const { data, out } = values
if (data === undefined)
  throw new ParapetError(
    'configuration',
    'Name the data: npm run proof:two-player -- --data DIR with train/open/ and dev/.',
  )
const LANGUAGES = ['en', 'de', 'fr', 'es']
const SELECTION = 'duoguard_openai'
const SETS = [SELECTION, 'duoguard_toxicchat', 'duoguard_xstest', 'duoguard_beavertails']
const print = (line: string): void => void process.stdout.write(`${line}\n`)
const percent = (value: number): string => (100 * value).toFixed(1)

print('The game in closed form, from .6 .5 .5 .4:')
for (const beta of [0.5, 1, 2, 5, 100]) {
  const { converged, rounds, ratio, value } = playToyGame(
    mirroredGame(beta),
    [0.6, 0.5, 0.5, 0.4].map((share) => [share, 1 - share]),
  )
  const end = converged ? `${rounds} rounds, F* ${value.toFixed(6)}` : 'does not converge'
  print(`  β ${beta}: ${end}, two rounds move by ${ratio?.toFixed(3) ?? '–'} of the two before`)
}

const began = process.cpuUsage()
let ways = ''
const run = await runTwoPlayer({
  ...{ data, out, languages: LANGUAGES, rounds: Number(values.rounds), english: Number(values.english) },
  evaluate: SETS.map((name) => join(data, 'dev', `${name}.jsonl.gz`)),
  seeds: Array.from({ length: Number(values.seeds) }, (_, at) => at + 1),
  arms: ['game', 'static'],
  ...{ seedsPerRound: Number(values['seeds-per-round']), count: 8, temperature: 0.7, resume: values.resume },
  async generator(texts) {
    const translators: GameTranslator[] = []
    for (const language of LANGUAGES)
      translators.push(await gameTranslator(language, { texts: texts(language), use: 'auto' }))
    ways = translators.map(({ language, way }) => `${language} ${way}`).join(', ')
    return { id: `transforms ${ways}`, make: transformGenerator({ translators }) }
  },
  onProgress: (message) => void process.stderr.write(`${message}\n`),
})
const { user, system } = process.cpuUsage(began)

print(`Translation: ${ways}. ${((user + system) / 6e7).toFixed(1)} minutes of processor time.`)
for (const sentence of run.conclusions) print(sentence)
print('Average precision by round, mean over sets of prompts and seeds (single seeds at the last round):')
for (const { language, arms } of run.course)
  for (const { arm, rounds, bySeed } of arms)
    print(
      `  ${language} ${arm}: ${rounds.map(({ value }) => percent(value)).join(' ')} (${bySeed.map((one) => percent(one.at(-1) ?? 0)).join(' ')})`,
    )
print(`By set, mean over seeds, seed alone and last round of each arm; ${SELECTION} is the selection:`)
for (const { set, language, rows } of run.sets) {
  const of = (arm: string, round: number): string => {
    const figures = run.arms
      .filter((one) => one.arm === arm)
      .flatMap(
        ({ rounds }) => rounds.at(round)?.figures.filter((one) => one.set === set && one.language === language) ?? [],
      )
    const mean = (pick: (one: LanguageFigures) => number | null): string =>
      percent(figures.reduce((sum, one) => sum + (pick(one) ?? 0), 0) / Math.max(1, figures.length))
    return `${mean((one) => one.averagePrecision.value)} / ${mean((one) => one.f1.value)} / ${mean((one) => one.falsePositiveRate.value)}`
  }
  print(
    `  ${set} ${language} (${rows} rows), AP / F1 / FPR: ${of('game', 0)} → game ${of('game', -1)}, static ${of('static', -1)}`,
  )
}
