/**
 * The page: what it is made of and how its parts know of each other. Everything it knows of the gateway comes through
 * `data/gateway`, in the words of `contract/`.
 */
import type { VNode } from 'preact'
import { effect } from '@preact/signals'
import type { SessionBody } from '../contract/index.ts'
import { createGatewayClient } from './data/gateway.ts'
import { createMemory, tabStore } from './data/memory.ts'
import { DecisionDialog } from './features/decisions/decision-dialog.tsx'
import { DecisionsPanel } from './features/decisions/decisions-panel.tsx'
import type { Decisions } from './features/decisions/decisions-state.ts'
import { createDecisions } from './features/decisions/decisions-state.ts'
import { FeedbackForm } from './features/decisions/feedback-form.tsx'
import type { DecisionReader } from './features/decisions/open-decision.ts'
import { createDecisionReader } from './features/decisions/open-decision.ts'
import { outcomeSentence } from './features/judgement/outcome.tsx'
import { PlaygroundView } from './features/playground/playground.tsx'
import type { Playground } from './features/playground/playground-state.ts'
import { createPlayground } from './features/playground/playground-state.ts'
import { KeyForm } from './features/session/key-form.tsx'
import { SessionBar } from './features/session/session-bar.tsx'
import type { SessionStore } from './features/session/session-state.ts'
import { createSessionStore } from './features/session/session-state.ts'
import type { Announcer } from './ui/announcer.tsx'
import { AnnouncerRegion, createAnnouncer } from './ui/announcer.tsx'
import { ProblemNote } from './ui/problem-note.tsx'

/** All state of the page. */
export interface App {
  readonly session: SessionStore
  readonly playground: Playground
  readonly decisions: Decisions
  readonly reader: DecisionReader
  readonly announcer: Announcer
  /** Lets go of the key and of everything that was written or read. */
  forget(): void
}

/** @param base address of the page */
export function createApp(base: string): App {
  const store = tabStore()
  const memory = createMemory(store)
  const announcer = createAnnouncer()
  const client = createGatewayClient({ base, key: () => session.key() })
  const session: SessionStore = createSessionStore(() => client.session(), store)
  const playground = createPlayground({
    client,
    memory,
    onResult(result) {
      if (result.kind === 'judged') {
        announcer.say(outcomeSentence(result.reply))
        if (result.reply.policyVersion !== sessionOf(session)?.policyVersion) void session.refresh()
      }
      if (result.kind === 'problem') session.notice(result.problem)
    },
  })
  const decisions = createDecisions({
    client,
    memory,
    say: (text) => announcer.say(text),
    onProblem: (problem) => session.notice(problem),
    onReturn: () => void session.refresh(),
    recording: () => sessionOf(session)?.recording === true,
  })
  const reader = createDecisionReader({
    client,
    known: (id) => decisions.rows.peek().find((row) => row.id === id) ?? null,
    onRead: (decision) => decisions.update(decision),
    onProblem: (problem) => session.notice(problem),
  })
  // The live connection stands exactly while the gateway lets us in.
  let inside = false
  effect(() => {
    const open = session.state.value.kind === 'open'
    if (open === inside) return
    inside = open
    queueMicrotask(() => (open ? enter(decisions, reader) : leave(decisions, reader)))
  })
  void session.open()
  return {
    session,
    playground,
    decisions,
    reader,
    announcer,
    forget() {
      playground.cancel()
      memory.forget()
      session.forget()
    },
  }
}

function sessionOf(session: SessionStore): SessionBody | null {
  const state = session.state.peek()
  return state.kind === 'open' ? state.session : null
}

function enter(decisions: Decisions, reader: DecisionReader): void {
  decisions.start()
  reader.follow()
}

function leave(decisions: Decisions, reader: DecisionReader): void {
  decisions.stop()
  reader.forget()
}

export function Page({ app }: { readonly app: App }): VNode {
  const state = app.session.state.value
  return (
    <>
      <a class="skip" href="#main">
        Skip to the content
      </a>
      <header class="head">
        <svg class="logo" viewBox="0 0 24 24" aria-hidden="true" focusable="false">
          <path d="M2 5h4v4h4V5h4v4h4V5h4v15H2z" />
        </svg>
        <h1>Parapet</h1>
        {state.kind === 'open' ? <SessionBar session={state.session} onForget={() => app.forget()} /> : null}
      </header>
      <main id="main" tabIndex={-1}>
        <Content app={app} />
      </main>
      <footer class="foot">
        <p class="quiet">
          {state.kind === 'open' ? `Parapet ${state.session.version}. ` : ''}What you write here is sent to this gateway
          only.
        </p>
      </footer>
      <AnnouncerRegion announcer={app.announcer} />
    </>
  )
}

function Content({ app }: { readonly app: App }): VNode {
  const { session, playground, decisions, reader, announcer } = app
  const state = session.state.value
  const say = (text: string): void => announcer.say(text)
  switch (state.kind) {
    case 'opening':
      return <p class="opening">Asking the gateway…</p>
    case 'locked':
      return <KeyForm session={session} rejected={state.rejected} />
    case 'trouble':
      return (
        <section class="card key-card" aria-label="Problem">
          <ProblemNote problem={state.problem}>
            <button type="button" onClick={() => void session.open()}>
              Try again
            </button>
          </ProblemNote>
        </section>
      )
    case 'open':
      return (
        <>
          <div class="rooms">
            <PlaygroundView
              playground={playground}
              session={state.session}
              announcer={announcer}
              onOpen={(id) => reader.show(id)}
              feedback={(id) => <FeedbackForm key={id} id={id} reader={reader} say={say} />}
            />
            <DecisionsPanel
              decisions={decisions}
              recording={state.session.recording}
              onOpen={(id) => reader.show(id)}
            />
          </div>
          <DecisionDialog reader={reader} session={state.session} say={say} />
        </>
      )
    default:
      return state satisfies never
  }
}
