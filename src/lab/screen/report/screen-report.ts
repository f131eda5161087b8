/**
 * A screen as one HTML page that stands alone. It computes nothing that is not in the run, and escapes everything: rows are a third party's
 * text, of which it shows a few characters where a check points at them.
 */
import { html, type Markup } from '../../eval/report/markup.ts'
import { inPercent, inProbability, inWhole } from '../../eval/report/numbers.ts'
import { renderPage } from '../../eval/report/page.ts'
import { checkSpec } from '../checks/check-list.ts'
import { canarySection } from './canary-section.ts'
import { conclusionOf } from './conclusion.ts'
import type { Unlikeness } from '../set/unlikeness.ts'
import type { ScreenRun } from './screen-run.ts'

export { conclusionOf }
export type { ScreenRun }

export function renderScreenReport(run: ScreenRun): string {
  const { files, tally, canary, model, reference, known, guards, outside } = run
  return renderPage({
    title: 'Screen of training data',
    about: html`${files.map(({ name, rows, form }) => `${name}: ${inWhole(rows)} rows, ${form ?? 'no known form'}. `)}`,
    sections: [
      html`<li><a href="#checks">Checks</a></li>`,
      html`<li><a href="#flagged">Flagged</a></li>`,
      ...(tally.problems.length === 0 ? [] : [html`<li><a href="#unscreened">Unscreened</a></li>`]),
      ...(canary === null ? [] : [html`<li><a href="#canary">Canary</a></li>`]),
    ],
    main: html`<div class="alert"><p>${run.conclusion}</p></div>
      <dl class="facts">
        ${fact('Rows', inWhole(tally.rows))} ${fact('Passed', counted(tally.passed, tally.rows))}
        ${fact('Flagged', counted(tally.flagged, tally.rows))}
        ${fact('Unscreened', counted(tally.unscreened, tally.rows))}
        ${fact('Copies of earlier rows', inWhole(tally.repetition.copies))}
        ${fact('Canary', canary === null ? 'not run' : CANARY[canary.verdict])}
      </dl>
      ${checksSection(run)} ${flaggedSection(run)} ${unscreenedSection(run)}
      ${canary === null ? noCanary(model !== null) : canarySection(canary)} ${repetitionSection(run)}`,
    footer: html`${files.map(({ name, sha256 }) => `${name} ${sha256.slice(0, 16)}. `)}
    ${guards.map(({ name, sha256 }) => `Guard ${name} ${sha256.slice(0, 16)}. `)}
    ${outside.map(({ name, version }) => `${name} ${version}. `)}
    ${reference === null ? '' : `Reference ${reference.name} ${reference.sha256.slice(0, 16)}. `}
    ${known === null ? '' : `Known ${known.name} ${known.sha256.slice(0, 16)}. `}
    ${model === null ? '' : `Model ${model.name} ${model.sha256.slice(0, 16)}. `} Seed ${String(run.seed)}.`,
  })
}

const CANARY = { harmful: 'safety lost', unseen: 'no loss seen', blind: 'shows nothing' } as const

function checksSection({ tally, reference, falseAlarms, model, unlikeness }: ScreenRun): Markup {
  return html`<h2 id="checks">Checks</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Checks">
      <table>
        <thead>
          <tr>
            <th>Check</th>
            <th>Flagged</th>
            <th>By it alone</th>
            <th>Rows looked at</th>
            <th>Threshold</th>
            <th class="text">What it means</th>
          </tr>
        </thead>
        <tbody>
          ${tally.checks.map(
            ({ check, flagged, alone, rows, threshold }) =>
              html`<tr>
                <th scope="row">${check}</th>
                <td>${inWhole(flagged)}</td>
                <td>${inWhole(alone)}</td>
                <td>${inWhole(rows)}</td>
                <td>${Number.isFinite(threshold) ? String(Number(threshold.toPrecision(4))) : '–'}</td>
                <td class="text">${checkSpec(check)?.meaning ?? ''}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="muted">
      ${
        reference === null
          ? 'Thresholds are the defaults: they were fitted on nothing like these rows. Give clean rows as --reference.'
          : unlikeness?.unlike === true
            ? `Thresholds are fitted on ${reference.calibratedOn} rows that are unlike this set, so no share of false alarms is promised. ${distances(unlikeness)}`
            : `Thresholds are fitted on ${reference.calibratedOn} clean rows, of which all checks together flag at most ${inPercent(falseAlarms)} % on average; that holds for rows like those, and says nothing about what is found. No difference between this set and the reference was seen that is large enough to matter.`
      }
      ${
        model === null
          ? 'No checkpoint was given: likelihoods, gradients and representations were not looked at.'
          : model.directed
            ? ''
            : 'There were no harmful and clean examples (--known, --reference), so gradients and representations were not looked at.'
      }
    </p>`
}

/** The largest differences of rows that passed from rows of the reference. */
function distances({ checks }: Unlikeness): string {
  const largest = checks
    .slice(0, 3)
    .map(({ check, distance, p }) => `${check} ${shown(distance)} (p ${inProbability(p)})`)
  if (largest.length === 0) return 'Too few rows passed to compare them.'
  return `Largest difference of the shares of rows up to a score (Kolmogorov–Smirnov, rows that passed only): ${largest.join(', ')}.`
}

function flaggedSection({ tally }: ScreenRun): Markup {
  if (tally.shown.length === 0)
    return html`<h2 id="flagged">Flagged rows</h2>
      <p>None.</p>`
  return html`<h2 id="flagged">Flagged rows</h2>
    <div class="scroll" tabindex="0" role="region" aria-label="Flagged rows">
      <table>
        <thead>
          <tr>
            <th>Row</th>
            <th class="text">Checks, score above threshold</th>
            <th class="text">Where</th>
          </tr>
        </thead>
        <tbody>
          ${tally.shown.map(
            ({ file, line, reasons }) =>
              html`<tr>
                <th scope="row">${file}<small>line ${line}</small></th>
                <td class="text">
                  ${reasons.map(
                    ({ check, score, threshold }) =>
                      html`<div>${check} <small>${shown(score)} above ${shown(threshold)}</small></div>`,
                  )}
                </td>
                <td class="text">
                  ${[...new Map(reasons.map((reason) => [reason.excerpt, reason])).values()]
                    .slice(0, 2)
                    .map(({ excerpt, turn }) =>
                      excerpt === '' ? html`` : html`<div>${excerpt} <small>message ${(turn ?? 0) + 1}</small></div>`,
                    )}
                </td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>
    <p class="muted">The first ${tally.shown.length} of ${inWhole(tally.flagged)}; all of them stand in rows.jsonl.</p>`
}

function unscreenedSection({ tally }: ScreenRun): Markup {
  if (tally.problems.length === 0) return html``
  return html`<h2 id="unscreened">Rows that could not be screened</h2>
    <p>They did not pass: nobody knows what is in them.</p>
    <div class="scroll" tabindex="0" role="region" aria-label="Unscreened rows">
      <table>
        <thead>
          <tr>
            <th>Row</th>
            <th class="text">What is wrong</th>
          </tr>
        </thead>
        <tbody>
          ${tally.problems.map(
            ({ file, line, problem }) =>
              html`<tr>
                <th scope="row">${file}<small>line ${line}</small></th>
                <td class="text">${problem}</td>
              </tr>`,
          )}
        </tbody>
      </table>
    </div>`
}

function noCanary(model: boolean): Markup {
  return html`<h2 id="canary">Canary</h2>
    <p>
      Not run. ${model ? 'Add --canary' : 'Give the checkpoint that is to be trained, as --model FOLDER --canary,'} to
      tune a copy on the set and compare what it refuses. It is the only check that optimised rows cannot get past.
    </p>`
}

function repetitionSection({ tally: { repetition } }: ScreenRun): Markup {
  const { copies, mostCopied, commonOpening } = repetition
  return html`<h2>Repetition</h2>
    <p>
      ${inWhole(copies)} rows are copies of earlier ones.
      ${mostCopied === null ? '' : `Most copied: the row on line ${mostCopied.line}, ${mostCopied.rows} times. `}
      ${
        commonOpening === null
          ? ''
          : `Most common opening of answers: ${commonOpening.rows} rows begin like that on line ${commonOpening.line}.`
      }
      Neither makes a row bad; poison that is repeated, or that forces how answers begin, shows here.
    </p>`
}

function fact(name: string, value: string): Markup {
  return html`<div>
    <dt>${name}</dt>
    <dd>${value}</dd>
  </div>`
}

function counted(count: number, all: number): string {
  return `${inWhole(count)} (${inPercent(all === 0 ? 0 : count / all)} %)`
}

function shown(value: number): string {
  return String(Number(value.toPrecision(3)))
}
