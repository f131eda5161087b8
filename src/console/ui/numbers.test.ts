import { expect, test } from 'vitest'
import { countText, durationText, momentText, plural, scoreText, timeText } from './numbers.ts'

test.each([
  [0, '0.00'],
  [0.0001, '<0.01'],
  [0.005, '0.01'],
  [0.4999, '0.50'],
  [0.9949, '0.99'],
  [0.999, '>0.99'],
  [1, '1.00'],
])('a score of %d reads %s', (score, text) => {
  expect(scoreText(score)).toBe(text)
})

test.each([
  [0, '<0.01 ms'],
  [0.0049, '<0.01 ms'],
  [0.79, '0.79 ms'],
  [12.34, '12.3 ms'],
  [1234, '1234 ms'],
  [12_345, '12.3 s'],
])('%d milliseconds read %s', (ms, text) => {
  expect(durationText(ms)).toBe(text)
})

test('counts, and things counted', () => {
  expect(countText(7)).toBe('7')
  expect(plural(1, 'place')).toBe('1 place')
  expect(plural(2, 'place')).toBe('2 places')
  expect(plural(0, 'body', 'bodies')).toBe('0 bodies')
})

test('a moment of today has no day, another has; what is no time is shown as it came', () => {
  const now = new Date(2026, 10, 26, 12, 0, 0)
  expect(timeText(new Date(2026, 10, 26, 9, 5, 7).toISOString(), now)).toBe('09:05:07')
  expect(timeText(new Date(2026, 10, 25, 9, 5, 7).toISOString(), now)).toMatch(/25.* 09:05:07$/)
  expect(timeText('soon', now)).toBe('soon')
  expect(momentText('soon')).toBe('soon')
})
