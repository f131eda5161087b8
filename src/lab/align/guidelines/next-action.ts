/**
 * Checks actions against the flow of a guideline: is this the next unfinished step? The measure called flow adherence, and what
 * labels turns as good or bad without a judge.
 */
import type { Flow } from './guideline.ts'

/** `skipped`: a later step, too early. `repeated`: a step already done. `foreign`: no step of this flow. */
export type ActionVerdict = 'next' | 'skipped' | 'repeated' | 'foreign'

/** The actions allowed now: the first unfinished one, or all unfinished ones of a flow without order. Empty when all are done. */
export function nextActions({ actions, ordered }: Flow, done: readonly string[]): readonly string[] {
  const open = actions.filter((action) => !done.includes(action))
  return ordered ? open.slice(0, 1) : open
}

/** What taking `action` would be after those in `done`. */
export function checkAction(flow: Flow, done: readonly string[], action: string): ActionVerdict {
  if (!flow.actions.includes(action)) return 'foreign'
  if (done.includes(action)) return 'repeated'
  return nextActions(flow, done).includes(action) ? 'next' : 'skipped'
}

/** The turn of a bot that takes an action. Good and bad turns look the same but for the name. */
export function actionResponse(action: string): string {
  return `action: ${action}`
}

/** The action a turn takes: its only line, as `actionResponse` writes it; undefined for any other turn. */
export function actionOfResponse(response: string): string | undefined {
  return /^action: (\S+)$/.exec(response.trim())?.[1]
}
