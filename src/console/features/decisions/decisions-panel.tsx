/** The latest decisions, newest first: live, held still at will, filtered by decision. */
import type { VNode } from 'preact'
import type { DecisionBody } from '../../../contract/index.ts'
import type { LiveState } from '../../data/live-connection.ts'
import type { Decision } from '../../data/words.ts'
import { Boundary } from '../../ui/boundary.tsx'
import { DecisionMark, DecisionShape } from '../../ui/decision-mark.tsx'
import { durationText, momentText, plural, timeText } from '../../ui/numbers.ts'
import { ProblemNote } from '../../ui/problem-note.tsx'
import { toLine } from '../../ui/visible.ts'
import { DECISIONS, toDecision, wordOf } from '../../ui/vocabulary.ts'
import { decidersOf } from '../judgement/deciders.ts'
import { oneEach } from '../judgement/outcome.tsx'
import { MOST_ROWS } from './decision-list.ts'
import type { Decisions } from './decisions-state.ts'

interface DecisionsPanelProps {
  readonly decisions: Decisions
  readonly recording: boolean
  readonly onOpen: (id: string) => void
}

export function DecisionsPanel({ decisions, recording, onOpen }: DecisionsPanelProps): VNode {
  const { paused, waiting, live } = decisions
  const news = waiting.value === 0 ? '' : `, ${waiting.value} new`
  return (
    <section class="card" id="decisions" aria-labelledby="decisions-title" tabIndex={-1}>
      <div class="card-head">
        <h2 id="decisions-title">Latest decisions</h2>
        <LiveMark state={live.value} paused={paused.value} />
        <button
          type="button"
          class="small"
          onClick={() => {
            if (paused.value) decisions.resume()
            else paused.value = true
          }}
        >
          {paused.value ? `Resume${news}` : 'Pause'}
        </button>
      </div>
      <Filter decisions={decisions} />
      <Connection decisions={decisions} />
      {recording ? null : (
        <p class="quiet">This gateway keeps no decisions: only what comes in while the page is open is listed.</p>
      )}
      <Rows decisions={decisions} onOpen={onOpen} />
    </section>
  )
}

const LIVE: Readonly<Record<LiveState['kind'], readonly [look: string, word: string]>> = {
  off: ['off', 'off'],
  connecting: ['waiting', 'connecting'],
  live: ['live', 'live'],
  waiting: ['waiting', 'connecting again'],
  failed: ['failed', 'not connected'],
}

function LiveMark({ state, paused }: { readonly state: LiveState; readonly paused: boolean }): VNode {
  const [look, word] = paused && state.kind === 'live' ? ['paused', 'paused'] : LIVE[state.kind]
  return (
    <span class="live" data-live={look}>
      {word}
    </span>
  )
}

function Filter({ decisions }: { readonly decisions: Decisions }): VNode {
  const filter = decisions.filter.value
  const toggle = (decision: Decision): void =>
    decisions.setFilter(filter.includes(decision) ? filter.filter((item) => item !== decision) : [...filter, decision])
  return (
    <fieldset class="filter">
      <legend class="unseen">Show only</legend>
      {DECISIONS.map((decision) => (
        <label key={decision} class="chip" data-decision={decision}>
          <input type="checkbox" checked={filter.includes(decision)} onChange={() => toggle(decision)} />
          <DecisionShape decision={decision} />
          {wordOf(decision)}
        </label>
      ))}
      {filter.length === 0 ? null : (
        <button type="button" class="link" onClick={() => decisions.setFilter([])}>
          Show all
        </button>
      )}
    </fieldset>
  )
}

/** Trouble with the connection or the record, and what to do. */
function Connection({ decisions }: { readonly decisions: Decisions }): VNode | null {
  const { live, problem, missed } = decisions
  const state = live.value
  if (state.kind === 'failed') {
    return (
      <ProblemNote problem={state.problem}>
        <button type="button" onClick={() => decisions.retry()}>
          Connect again
        </button>
      </ProblemNote>
    )
  }
  return (
    <>
      {state.kind === 'waiting' ? (
        <p class="stale">
          {state.problem === null ? 'The connection ended' : state.problem.title}. Connecting again in about{' '}
          {plural(state.seconds, 'second')}.{' '}
          <button type="button" class="link" onClick={() => decisions.retry()}>
            Connect now
          </button>
        </p>
      ) : null}
      {problem.value === null ? null : <ProblemNote problem={problem.value} />}
      {missed.value === 0 ? null : (
        <p class="quiet">{plural(missed.value, 'decision')} came too fast to be listed here.</p>
      )}
    </>
  )
}

function Rows({ decisions, onOpen }: Pick<DecisionsPanelProps, 'decisions' | 'onOpen'>): VNode {
  const { rows, loading, more, filter } = decisions
  const list = rows.value
  return (
    <>
      {list.length > 0 ? (
        <ul class="rows" aria-label="Decisions, newest first" onKeyDown={walk}>
          {list.map((row) => (
            <li key={row.id}>
              <Boundary of={row}>
                <DecisionRow row={row} onOpen={onOpen} />
              </Boundary>
            </li>
          ))}
        </ul>
      ) : (
        <p class="empty">
          {loading.value
            ? 'Reading the latest decisions…'
            : filter.value.length > 0
              ? 'None of these kinds so far.'
              : 'No decisions yet. They appear here as they are made.'}
        </p>
      )}
      {more.value ? (
        <p class="actions">
          <button type="button" disabled={loading.value} onClick={() => void decisions.loadOlder()}>
            Older decisions
          </button>
        </p>
      ) : null}
      {list.length >= MOST_ROWS ? (
        <p class="quiet">The newest {MOST_ROWS} are listed. For all of them: parapet export.</p>
      ) : null}
    </>
  )
}

/** Arrow keys go from row to row, Home and End to the first and last. */
function walk(event: KeyboardEvent & { readonly currentTarget: HTMLElement }): void {
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button')]
  const at = buttons.findIndex((button) => button === document.activeElement)
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: buttons.length - 1 }[event.key]
  const next = to === undefined || at < 0 ? undefined : buttons[to]
  if (next === undefined) return
  event.preventDefault()
  next.focus()
}

function DecisionRow({ row, onOpen }: { readonly row: DecisionBody; readonly onOpen: (id: string) => void }): VNode {
  const deciders = oneEach(decidersOf(toDecision(row.decision), row.guards))
  const labels = [...new Set(deciders.flatMap((result) => result.labels))]
  const who = deciders.map(({ guard }) => toLine(guard, 40)).join(', ')
  const whom = row.user ?? row.application ?? row.key
  return (
    <button type="button" class="row" onClick={() => onOpen(row.id)} aria-haspopup="dialog">
      <DecisionMark decision={toDecision(row.decision)} />
      <span class="row-labels">
        {labels.slice(0, 3).map((label) => (
          <span key={label} class="label">
            {toLine(label, 40)}
          </span>
        ))}
        {labels.length > 3 ? <span class="quiet">+{labels.length - 3}</span> : null}
        {row.error === null ? null : <span class="label">{toLine(row.error.code, 40)}</span>}
        {row.status === 'held' ? <span class="note strong">waits</span> : null}
        {row.status === 'open' ? <span class="note">answer under way</span> : null}
        {row.feedback.length === 0 ? null : <span class="note">{plural(row.feedback.length, 'remark')}</span>}
      </span>
      <time dateTime={row.at} title={momentText(row.at)}>
        {timeText(row.at)}
      </time>
      <span class="row-more quiet">
        {[
          `via ${toLine(row.door, 40)}`,
          who,
          row.model === null ? '' : toLine(row.model, 40),
          whom === null ? '' : toLine(whom, 40),
        ]
          .filter((part) => part !== '')
          .join(' · ')}
      </span>
      <span class="number quiet">{durationText(row.ms)}</span>
    </button>
  )
}
