/** Numbers as they are written on the page: scores, times, counts, moments. Always the browser's own language and time zone. */

/** A score from 0 to 1, two places; what would round to nothing says so. */
export function scoreText(score: number): string {
  if (score > 0 && score < 0.005) return '<0.01'
  if (score < 1 && score >= 0.995) return '>0.99'
  return score.toFixed(2)
}

/** Milliseconds with three significant digits, seconds from ten seconds on. */
export function durationText(ms: number): string {
  if (ms < 0.005) return '<0.01 ms'
  if (ms >= 10_000) return `${(ms / 1000).toFixed(1)} s`
  return `${ms >= 100 ? ms.toFixed(0) : ms >= 10 ? ms.toFixed(1) : ms.toFixed(2)} ms`
}

const counts = new Intl.NumberFormat()

export function countText(count: number): string {
  return counts.format(count)
}

/** `1 message`, `3 messages`. */
export function plural(count: number, one: string, many: string = `${one}s`): string {
  return `${countText(count)} ${count === 1 ? one : many}`
}

const clock = new Intl.DateTimeFormat(undefined, {
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
})
const moment = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'medium', hourCycle: 'h23' })
const day = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short' })

/** Time of day, with the day before it when that is not today. An unreadable time is shown as it came. */
export function timeText(iso: string, now: Date = new Date()): string {
  const date = new Date(iso)
  if (Number.isNaN(date.getTime())) return iso
  return date.toDateString() === now.toDateString() ? clock.format(date) : `${day.format(date)} ${clock.format(date)}`
}

/** Day and time in full. @param time ISO 8601, or milliseconds since the epoch */
export function momentText(time: string | number): string {
  const date = new Date(time)
  return Number.isNaN(date.getTime()) ? String(time) : moment.format(date)
}
