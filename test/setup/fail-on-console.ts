/** Console output fails a test: what the product prints is part of what it promises. */
import { afterEach, beforeEach, expect, vi } from 'vitest'

const METHODS = ['log', 'info', 'warn', 'error', 'debug'] as const
let printed: string[] = []

beforeEach(() => {
  printed = []
  for (const method of METHODS) {
    vi.spyOn(console, method).mockImplementation((...values: unknown[]) => {
      printed.push(`console.${method}: ${values.map(String).join(' ').slice(0, 200)}`)
    })
  }
})

afterEach(() => {
  vi.restoreAllMocks()
  expect(printed).toEqual([])
})
