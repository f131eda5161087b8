import { expect, test } from 'vitest'
import { createDisagreements } from './disagreements.ts'

test('a listener whose promise fails is told of as a defect, and ends nothing', async () => {
  const broken = new Error('broken')
  const onDisagreement = (): unknown => Promise.reject(broken)
  const defect = await new Promise((resolve) => {
    const tell = createDisagreements({
      tell: () => undefined,
      capture: () => 'none',
      redact: async (text) => text,
      ...{ onDisagreement, onDefect: resolve },
    })
    tell({
      ...{ guard: 'safety', stage: 'input', label: 'prompt_harm', inside: true, caller: {} },
      ...{ classifier: { score: 0.3, harmful: false }, judge: { score: 1, harmful: true } },
      texts: { prompt: 'x', response: null, system: null },
    })
  })
  expect(defect).toBe(broken)
})
