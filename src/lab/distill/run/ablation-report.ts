/**
 * An ablation as one HTML page that stands alone: what each part of the papers' recipes brings at this size. It computes nothing that is not
 * in the run, escapes everything, and shows no text of the data: ids and lengths, and answers to invented texts only.
 */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inMilliseconds, inPercent, inPoints, inWhole } from '../../eval/report/numbers.ts'
import { renderPage } from '../../eval/report/page.ts'
import { fact, table } from '../../redteam/unalign/report-parts.ts'
import { lossPlot } from '../../train/loss-plot.ts'
import type { Figure, SetFigures } from '../measure/figures.ts'
import { GUARD_TASKS, type GuardTask } from '../rows/guarded-row.ts'
import { FAULTS } from '../synthesis/check-answer.ts'
import { type AblationRun, bySet, meanOver } from './ablation-run.ts'
import { ARMS, ARM_FORMATS, ARM_TITLES, type ArmName, FORMAT_TASKS } from './ablation-settings.ts'
import type { ArmResult } from './arm.ts'
import { type OverSeeds, armOverArm, armOverSeeds } from './over-seeds.ts'

/** Short, because many stand side by side. */
const TASK_COLUMNS: Readonly<Record<GuardTask, string>> = {
  prompt_harm: 'prompts',
  refusal: 'refusals',
  response_harm: 'answers',
}
const TASK_TITLES: Readonly<Record<GuardTask, string>> = {
  prompt_harm: 'prompt harm',
  refusal: 'refusal',
  response_harm: 'response harm',
}

const FIGURE_TITLES = { f1: 'F1', averagePrecision: 'AUPRC' } as const

export function renderAblationReport(run: AblationRun): string {
  const { data, settings, seeds, arms, missing } = run
  return renderPage({
    title: 'What critiques and reasoning bring a small guard',
    about: html`The ablations of ThinkGuard (arXiv 2502.13458) and GuardReasoner (arXiv 2501.18492) at a size that
    trains here. Explanations by ${data.teacher}.`,
    main: html`<dl class="facts">
        ${fact('Parameters', inWhole(arms[0]?.parameters ?? 0))} ${fact('Rows learnt', inWhole(data.rows))}
        ${fact('Passes', String(settings.passes))} ${fact('Seeds', seeds.join(', '))}
        ${fact('Longest input', `${settings.shape.maxLength} tokens`)}
        ${fact('Reduction of label and critique', settings.reduction)}
      </dl>
      ${missing.length === 0 ? null : html`<p class="alert">Not finished: ${missing.map(({ arm, seed }) => `${arm} with seed ${seed}`).join(', ')}.</p>`}
      <h2>Means over the sets</h2>
      <p class="muted">
        In per cent: unweighted means over the sets of each task and over seeds, with 95 % intervals over seeds where
        there are several; false alarms are those on prompts; not readable is a share of all answers, by seed.
      </p>
      ${means(run)}
      <h2>What each part adds</h2>
      <p class="muted">
        Differences of the means above, of arms with the same seed. Intervals are over seeds: they do not hold what
        other rows would give.
      </p>
      ${differences(run)}
      <h2>Every set</h2>
      <p class="muted">${run.devNote}</p>
      ${bySet(run, ARM_TITLES).map(
        ({ set, task, subjects }) =>
          html`<h3>${set}, ${TASK_TITLES[task]}</h3>
            ${setTable(subjects)}`,
      )}
      <h2>What a verdict costs</h2>
      ${costs(run)} ${miningSection(arms)}
      <h2>Training</h2>
      <div class="plots">
        ${arms.map(
          (arm) =>
            html`<div>
              <h3>${ARM_TITLES[arm.arm]}, seed ${arm.seed}</h3>
              ${lossPlot(arm.trainings)}
            </div>`,
        )}
      </div>
      <h2>Explanations that were learnt</h2>
      ${explanations(run)}
      <h2>What the guards say of invented texts</h2>
      ${samples(run)}`,
    footer: html`The guard's own word decides, which is a score of one half; no threshold was fitted. Brackets are 95 %
    bootstrap intervals over the rows of a set with 1 seed. An answer that cannot be read counts as flagged, as it does
    at run time, so a guard that answers nothing has the F1 of flagging everything; F1 of the readable answers stands
    apart. The better constant flags everything, or nothing where a set has no positives.`,
  })
}

function means(run: AblationRun): Markup {
  const { arms, baselines } = run
  const columns = GUARD_TASKS.flatMap((task) =>
    (['f1', 'averagePrecision'] as const).map((figure) => ({ task, figure })),
  )
  return table(
    [
      '',
      ...columns.map(({ task, figure }) => `${FIGURE_TITLES[figure]}, ${TASK_COLUMNS[task]}`),
      'False alarms',
      'Not readable',
    ],
    [
      ...baselines.map(({ name, sets }) => [
        name,
        ...columns.map(({ task, figure }) => inPercent(meanOver(sets, task, figure))),
        inPercent(meanOver(sets, 'prompt_harm', 'falsePositiveRate')),
        inPercent(unreadableShare(sets)),
      ]),
      ...trainedArms(arms).map((arm) => [
        ARM_TITLES[arm],
        ...columns.map(({ task, figure }) =>
          FORMAT_TASKS[ARM_FORMATS[arm]].includes(task) ? shareCell(armOverSeeds(run, arm, task, figure)) : '–',
        ),
        shareCell(armOverSeeds(run, arm, 'prompt_harm', 'falsePositiveRate')),
        arms.flatMap((one) => (one.arm === arm ? [inPercent(unreadableShare(one.figures.sets))] : [])).join(', '),
      ]),
    ],
  )
}

function trainedArms(arms: readonly ArmResult[]): readonly ArmName[] {
  return ARMS.filter((name) => arms.some(({ arm }) => arm === name))
}

function shareCell(found: OverSeeds | null): Markup | string {
  if (found === null) return '–'
  const { mean, interval } = found
  return interval === null
    ? inPercent(mean)
    : html`${inPercent(mean)}<small>${inPercent(interval.low)}–${inPercent(interval.high)}</small>`
}

/** What the papers say helps. */
const CLAIMS: readonly (readonly [pair: readonly [arm: ArmName, over: ArmName], title: string])[] = [
  [['critique', 'label'], 'Critiques beside labels'],
  [['reasoning', 'label'], 'Reasoning against labels alone'],
  [['hard', 'reasoning'], 'Mining and HS-DPO after reasoning'],
]

function differences(run: AblationRun): Markup {
  const rows = CLAIMS.flatMap(([pair, title]) =>
    GUARD_TASKS.flatMap((task) =>
      (['f1', 'averagePrecision'] as const).flatMap((figure) => {
        const found = armOverArm(run, pair, task, figure)
        if (found === null || pair.some((arm) => !FORMAT_TASKS[ARM_FORMATS[arm]].includes(task))) return []
        const { mean, interval, bySeed } = found
        return [
          [
            title,
            `${FIGURE_TITLES[figure]}, ${TASK_COLUMNS[task]}`,
            inPoints(mean),
            interval === null ? '–' : `${inPoints(interval.low)} to ${inPoints(interval.high)}`,
            bySeed.map(inPoints).join(', '),
            shown(found),
          ],
        ]
      }),
    ),
  )
  return rows.length === 0
    ? html`<p>Too few arms are finished.</p>`
    : table(['', 'Figure', 'Points', '95 %', 'By seed', 'Shown'], rows, 'text')
}

function shown({ interval }: OverSeeds): string {
  if (interval === null) return 'one seed shows nothing'
  if (interval.low > 0) return 'higher'
  return interval.high < 0 ? 'lower' : 'no difference shown'
}

/** Of all answers on all sets. */
function unreadableShare(sets: readonly SetFigures[]): number | null {
  const rows = sets.reduce((sum, set) => sum + set.rows, 0)
  return rows === 0 ? null : sets.reduce((sum, set) => sum + set.unparsable, 0) / rows
}

function setTable(subjects: readonly { readonly subject: string; readonly figures: readonly SetFigures[] }[]): Markup {
  return table(
    ['', 'Rows', 'Positive', 'F1, %', 'AUPRC, %', 'False alarms, %', 'Not readable', 'F1 of the readable, %'],
    subjects.map(({ subject, figures }) => {
      const [first] = figures
      if (first === undefined) return [subject]
      return [
        ...[subject, inWhole(first.rows), inWhole(first.positives)],
        ...(['f1', 'averagePrecision', 'falsePositiveRate'] as const).map((name) =>
          figureCell(figures.map((one) => one[name])),
        ),
        figures
          .map(({ rows, positives, unparsable, readable }) =>
            unreadableCell(rows, unparsable, positives - readable.positives),
          )
          .join(', '),
        figures.map(({ unparsable, readable }) => (unparsable === 0 ? '–' : inPercent(readable.f1))).join(', '),
      ]
    }),
  )
}

function unreadableCell(rows: number, unparsable: number, positives: number): string {
  if (unparsable === 0) return '0'
  return `${inWhole(unparsable)} of ${inWhole(rows)}, ${inWhole(positives)} positive`
}

/** One seed: value and interval. More: their values. */
function figureCell(figures: readonly Figure[]): Markup {
  const [first] = figures
  if (figures.length > 1) return html`${figures.map(({ value }) => inPercent(value)).join(', ')}`
  const { value = null, interval = null } = first ?? {}
  return html`${inPercent(value)}${interval === null ? null : html`<small>${inPercent(interval.low)}–${inPercent(interval.high)}</small>`}`
}

function costs({ arms, baselines }: AblationRun): Markup {
  const critiqued = arms.flatMap(({ seed, figures: { critiques } }) =>
    critiques === null ? [] : [{ seed, critiques }],
  )
  return html`${table(
    ['', 'Tokens read', 'Tokens written', 'Milliseconds of processor time'],
    [
      ...baselines.flatMap(({ name, milliseconds }) =>
        milliseconds === null ? [] : [[name, '–', '–', inMilliseconds(milliseconds)]],
      ),
      ...arms.map(({ arm, seed, figures: { cost } }) => [
        `${ARM_TITLES[arm]}, seed ${seed}`,
        ...[cost.promptTokens, cost.answerTokens].map((tokens) => tokens.toFixed(0)),
        inMilliseconds(cost.milliseconds),
      ]),
    ],
  )}
  ${critiqued.map(
    ({ seed, critiques: { asked, contradicts, invented, silent, meanTokens } }) =>
      html`<p>
        Critiques of ${asked} labels that the guard of seed ${seed} gave itself, of ${meanTokens.toFixed(0)} tokens:
        ${contradicts} contradict the label, ${invented} quote what is not in the text, ${silent} name none of its
        clauses.
      </p>`,
  )}`
}

function miningSection(arms: readonly ArmResult[]): Markup | null {
  const mined = arms.flatMap(({ seed, mining }) => (mining === null ? [] : [{ seed, mining }]))
  if (mined.length === 0) return null
  return html`<h2>Hard samples</h2>
    ${table(
      ['', 'Rows sampled', 'Hard, each guard', 'Together', 'Pairs by weight'],
      mined.map(({ seed, mining: { rows, found, merged, weights } }) => [
        `seed ${seed}`,
        inWhole(rows),
        found.join(', '),
        inWhole(merged),
        Object.entries(weights)
          .map(([weight, count]) => `${weight}: ${count}`)
          .join(', '),
      ]),
    )}`
}

function explanations({ data }: AblationRun): Markup {
  const outcomes = Object.entries(data.outcomes)
  return html`${table(
      ['', 'Kept', 'Dropped', 'Calls', ...FAULTS],
      outcomes.map(([kind, { kept, dropped, calls, faults }]) => [
        kind,
        ...[kept, dropped, calls, ...FAULTS.map((fault) => faults[fault])].map(inWhole),
      ]),
    )}
    <p class="muted">Some rows by id and length in characters; their texts are not shown.</p>
    ${table(
      ['', 'Source', 'Prompt', 'Response', 'Critique', 'Reasoning'],
      data.shown.map(({ id, source, prompt, response, critique, reasoning }) => [
        id,
        source,
        ...[prompt, response, critique, reasoning].map(inWhole),
      ]),
    )}`
}

function samples({ samples: asked }: AblationRun): Markup {
  return html`${asked.map(
    ({ prompt, response, said }) =>
      html`<h3>${prompt}</h3>
        ${response === null ? null : html`<p class="muted">${response}</p>`}
        ${table(
          ['Guard', 'It says'],
          said.map(({ arm, text }) => [ARM_TITLES[arm], html`<pre style="white-space: pre-wrap">${text}</pre>`]),
          'text',
        )}`,
  )}`
}
