/**
 * A two-player training as one HTML page that stands alone: what is claimed and by which figures, the rounds by language, what the proposals
 * were and which levels they reached, and what the policy learnt. It computes nothing that is not in the run.
 */
import { html, type Markup } from '../../../eval/report/markup.ts'
import { inPercent, inPoints, inWhole, intervalInPercent } from '../../../eval/report/numbers.ts'
import { renderPage } from '../../../eval/report/page.ts'
import type { Estimate } from '../compare-rounds.ts'
import type { LanguageFigures } from '../measure-languages.ts'
import { type Level, LEVELS } from '../preferences.ts'
import type { ArmRecord, TwoPlayerRun } from '../two-player-run.ts'
import { policySection, waysSection } from './proposals-section.ts'
import { axisOf, roundsPlot } from './rounds-plot.ts'
import { table } from './table.ts'

const ARM_NAMES = {
  game: 'The game',
  frozen: 'Game, generator frozen',
  static: 'Static augmentation of equal size',
} as const

export function renderTwoPlayerReport(run: TwoPlayerRun): string {
  const { seeds, rounds, count, seedsPerRound, languages, generator, sets, data } = run
  return renderPage({
    title: 'Two-player training',
    about: html`A generator and a classifier against each other (DuoGuard, arXiv 2502.05163): ${rounds} rounds,
    ${seeds.length} ${seeds.length === 1 ? 'seed' : 'seeds'}, ${seedsPerRound} English seeds a round, ${count} proposals
    each in ${languages.join(', ')}.`,
    sections: [
      html`<li><a href="#languages">Languages</a></li>`,
      html`<li><a href="#sets">Sets</a></li>`,
      html`<li><a href="#rounds">Rounds</a></li>`,
      html`<li><a href="#ways">Ways</a></li>`,
      html`<li><a href="#policy">Policy</a></li>`,
    ],
    main: html`<div class="alert"><p>${run.conclusions[0] ?? ''}</p></div>
      <details>
        <summary>By language</summary>
        <ul>
          ${run.conclusions.slice(1).map((sentence) => html`<li>${sentence}</li>`)}
        </ul>
      </details>
      <dl class="facts">
        ${fact('Generator', generator.id, true)} ${fact('Rater', generator.rater, true)}
        ${fact('Generator learns here', generator.learns ? 'yes' : 'no: its pairs are written for lab export')}
        ${fact('Classifier', `${run.classifier.outputs === 'one' ? 'one output' : `12 labels, ${run.classifier.loss}`}, ${2 ** run.classifier.bits} buckets, from scratch each round`)}
        ${fact(
          'Seed',
          Object.entries(data.seedRows)
            .map(([language, { harmful, harmless }]) => `${language} ${harmful} harmful, ${harmless} harmless`)
            .join('; '),
          true,
        )}
        ${fact('Categories found by a classifier', `${inWhole(data.found)} harmful rows`)}
        ${fact('Left out as they are evaluated', inWhole(run.leftOut))}
      </dl>
      ${languagesSection(run)} ${setsSection(run)} ${roundsSection(run)} ${waysSection(run)} ${policySection(run)}`,
    footer: html`${data.files.map(({ name, sha256 }) => `${name} ${sha256.slice(0, 12)}. `)}
    ${sets.map(({ set, language, rows, sha256 }) => `${set} ${language}: ${rows} rows, ${sha256.slice(0, 12)}. `)} Seeds
    ${seeds.join(', ')}. Threshold 0.5, fixed by the paper, fitted on nothing.`,
  })
}

function languagesSection({ course }: TwoPlayerRun): Markup {
  const arms = course[0]?.arms.map(({ arm }) => arm) ?? []
  const linesOf = (arm: (typeof arms)[number]) =>
    course.map(({ language, arms: all }, colour) => ({
      ...{ name: language, colour },
      rounds: all.find((one) => one.arm === arm)?.rounds ?? [],
    }))
  const axis = axisOf(arms.flatMap(linesOf))
  return html`<h2 id="languages">Languages</h2>
    <div class="plots">${arms.map((arm) => roundsPlot(ARM_NAMES[arm], linesOf(arm), axis))}</div>
    ${table(
      'Languages',
      [
        'Language and arm',
        'Seed alone, %',
        'Last round, %',
        'Gain, points',
        'Change of the gap to English',
        'Single seeds, last round',
      ],
      course.flatMap(({ language, arms: all, sets }) => [
        [html`${language}<small>${sets.join(', ')}</small>`],
        ...all.map(({ arm, rounds, gain, gapChange, bySeed }) => [
          ARM_NAMES[arm],
          estimate(rounds[0]),
          estimate(rounds.at(-1)),
          difference(gain),
          gapChange === null ? '–' : difference(gapChange),
          bySeed.map((values) => inPercent(values.at(-1) ?? null)).join(', '),
        ]),
      ]),
    )}
    <p class="muted">
      Average precision, the mean over sets and seeds. Intervals draw seeds and rows; a difference is paired. A gap that
      shrank is below 0. The seed alone is the arm without a game: it is the same in every round.
    </p>`
}

function setsSection({ arms, seeds }: TwoPlayerRun): Markup {
  const records = arms.filter(({ seed }) => seed === seeds[0])
  const first = records[0]?.rounds[0]
  if (first === undefined) return html``
  const all = [...first.figures, ...first.heldOut]
  const at = (record: ArmRecord, round: number, { set, language }: LanguageFigures): LanguageFigures | undefined => {
    const { figures, heldOut } = record.rounds.at(round) ?? first
    return [...figures, ...heldOut].find((one) => one.set === set && one.language === language)
  }
  const cells = (figures: LanguageFigures | undefined): readonly (Markup | string)[] =>
    figures === undefined
      ? ['–', '–', '–']
      : [figure(figures.averagePrecision), figure(figures.f1), figure(figures.falsePositiveRate)]
  return html`<h2 id="sets">Sets</h2>
    ${table(
      'Sets',
      ['Set and arm', 'Average precision, %', 'F1, %', 'False positives, %'],
      all.flatMap((one) => [
        [
          html`${one.set} ${one.language}<small
              >${one.positives} of ${one.rows} harmful; constant F1 ${inPercent(one.constantF1)}</small
            >`,
        ],
        ['Seed alone', ...cells(one)],
        ...records.map((record) => [ARM_NAMES[record.arm], ...cells(at(record, -1, one))]),
      ]),
    )}
    <p class="muted">
      Seed ${String(seeds[0])}, last round. Unsafe above 0.5. The constant calls everything unsafe: its F1 is given, its
      average precision is the share of harmful rows. Held-out training rows are for choices; where their two labels
      come from different sources, they are told apart by more than harm.
    </p>`
}

function roundsSection({ arms, seeds }: TwoPlayerRun): Markup {
  const rows = arms
    .filter(({ seed }) => seed === seeds[0])
    .flatMap(({ arm, rounds }) =>
      rounds
        .slice(1)
        .flatMap(({ round, languages, rows: size, mix, failed }) => [
          [
            html`${ARM_NAMES[arm]}, round ${round}<small
                >S(t): ${inWhole(size)} rows; ${inWhole(failed)} proposals not made</small
              >`,
          ],
          ...languages.map((one) => [
            one.language,
            inWhole(one.proposals),
            ...LEVELS.map((level: Level) => inWhole(one.levels[level])),
            inWhole(one.tooLong + one.refusals),
            inWhole(one.repeated),
            inWhole(one.unrated),
            inWhole(one.joined),
            inWhole(mix[one.language] ?? 0),
          ]),
        ]),
    )
  const pairs = arms
    .filter(({ arm }) => arm === 'game')
    .flatMap(({ seed, rounds }) =>
      rounds
        .slice(1)
        .map(({ round, pairs: made, learnt }) => [
          `Seed ${seed}, round ${round}`,
          inWhole(made.total),
          inWhole(made.level2),
          inWhole(made.level3),
          ...['lossBefore', 'lossAfter'].map((name) => learnt[name]?.toFixed(4) ?? '–'),
        ]),
    )
  return html`<h2 id="rounds">Rounds</h2>
    ${table(
      'Rounds',
      [
        'Arm, round, language',
        'Proposals',
        ...LEVELS.map((level) => `Level ${level}`),
        'Filtered',
        'Repeated',
        'Unrated',
        'Joined',
        'In S(t)',
      ],
      rows,
    )}
    <p class="muted">
      Level 1 fooled the classifier of the round before and kept its label; 2 kept it and was recognised; 3 fooled and
      lost it; 4 neither. Seed ${String(seeds[0])}.
    </p>
    <h3>Pairs</h3>
    ${table(
      'Pairs',
      ['Game', 'Pairs', 'Level 1 over 2', 'Level 1 over 3', 'Loss before the update', 'Loss after it'],
      pairs,
    )}`
}

function estimate(one: Estimate | undefined): Markup | string {
  return one === undefined ? '–' : html`${inPercent(one.value)}<small>${intervalInPercent(one.interval)}</small>`
}

function difference({ value, interval }: Estimate): Markup {
  return html`${inPoints(value)}<small>${inPoints(interval.low)} to ${inPoints(interval.high)}</small>`
}

function figure({ value, interval }: LanguageFigures['f1']): Markup {
  return html`${inPercent(value)}<small>${intervalInPercent(interval)}</small>`
}

function fact(name: string, value: string, wide: boolean = false): Markup {
  return html`<div class="${wide ? 'wide' : 'narrow'}">
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}
