/** A judge that was asked and may turn out not to be needed: its report, and how to take the question back. It never rejects unheard. */
import type { Guard, GuardReport, GuardRequest } from '../../../spec/index.ts'

export interface StartedJudge {
  readonly report: Promise<GuardReport>
  cancel(): void
  /** Goes on when the asker leaves. */
  detach(): void
}

/** Asks at once. The question is also taken back when the request's signal fires. */
export function startJudge(judge: Guard, request: GuardRequest): StartedJudge {
  const controller = new AbortController()
  const { signal } = request
  const cancel = (): void => controller.abort(signal.reason)
  const detach = (): void => signal.removeEventListener('abort', cancel)
  if (signal.aborted) cancel()
  else signal.addEventListener('abort', cancel, { once: true })
  const ask = async (): Promise<GuardReport> => judge.check({ ...request, signal: controller.signal })
  const report = ask().finally(detach)
  report.catch(() => undefined)
  return { report, cancel, detach }
}
