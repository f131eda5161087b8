import { describe, expect, test } from 'vitest'
import { createStreamBuffer, createTextView } from '../../core/text/index.ts'
import type { Finding, Message } from '../../spec/index.ts'
import { estimateTokens, utf8Length } from './count.ts'
import { type LimitsGuardOptions, createLanguageDetector, createLimitsGuard } from './index.ts'

async function find(
  options: LimitsGuardOptions,
  text: string,
  messages?: readonly Message[],
): Promise<readonly Finding[]> {
  const guard = await createLimitsGuard(options)
  const report = await guard.check({
    stage: 'input',
    field: 'prompt',
    text: createTextView(text),
    caller: {},
    signal: new AbortController().signal,
    ...(messages === undefined ? {} : { messages }),
  })
  return report.findings
}

const SAMPLES: Readonly<Record<string, string>> = {
  en: 'Could you please help me write a short letter to my landlord about the broken heating in the kitchen?',
  de: 'Könntest du mir bitte helfen, einen kurzen Brief an meinen Vermieter wegen der kaputten Heizung zu schreiben?',
  fr: "Pourriez-vous m'aider à écrire une courte lettre à mon propriétaire au sujet du chauffage en panne dans la cuisine ?",
  es: '¿Podrías ayudarme a escribir una carta breve a mi casero sobre la calefacción averiada de la cocina?',
  ru: 'Помогите мне, пожалуйста, написать короткое письмо хозяину квартиры о сломанном отоплении на кухне.',
  zh: '请帮我给房东写一封简短的信,说明厨房的暖气坏了,需要尽快修理。',
  ja: '台所の暖房が壊れていることについて、大家さんに短い手紙を書くのを手伝ってください。',
  ar: 'هل يمكنك مساعدتي في كتابة رسالة قصيرة إلى مالك المنزل بشأن التدفئة المعطلة في المطبخ؟',
}

describe('lengths', () => {
  test.each([
    ['characters', 5, '12345', '123456'],
    ['bytes', 6, 'éé12', 'ééé1'],
    ['tokens', 2, 'abcdef', 'abcdefg'],
  ] as const)('%s', async (kind, limit, fits, exceeds) => {
    expect(await find({ [kind]: limit }, fits)).toEqual([])
    expect(await find({ [kind]: limit }, exceeds)).toMatchObject([
      { label: `limit.${kind}`, score: 1, action: 'block' },
    ])
  })

  test('messages', async () => {
    const message: Message = { role: 'user', content: 'hi' }
    expect(await find({ messages: 2 }, 'hi', [message, message])).toEqual([])
    expect(await find({ messages: 2 }, 'hi', [message, message, message])).toMatchObject([{ label: 'limit.messages' }])
  })

  test('bytes are those of UTF-8', () => {
    for (const text of ['', 'abc', 'éß', '漢字', '👍🏽', 'a\ud800b', '\udc00\ud800']) {
      expect(utf8Length(text)).toBe(new TextEncoder().encode(text).length)
    }
  })

  test('tokens are estimated on the high side', () => {
    // Counts of the o200k_base encoding.
    expect(estimateTokens('The quick brown fox jumps over the lazy dog.')).toBeGreaterThanOrEqual(10)
    expect(estimateTokens('1234567890')).toBeGreaterThanOrEqual(4)
    expect(estimateTokens(SAMPLES['en'] ?? '')).toBeLessThan(60)
  })

  test('a stream is stopped as soon as it is too long', async () => {
    const guard = await createLimitsGuard({ characters: 10 })
    const session = guard.open?.({
      stage: 'output',
      field: 'response',
      caller: {},
      signal: new AbortController().signal,
    })
    const buffer = createStreamBuffer()
    buffer.append('1234567890')
    expect((await session?.advance(buffer))?.findings).toEqual([])
    buffer.append('1')
    expect((await session?.advance(buffer))?.findings).toMatchObject([{ label: 'limit.characters' }])
    buffer.append('2')
    expect((await session?.advance(buffer))?.findings).toEqual([])
  })

  test('a missing tokeniser is named', async () => {
    await expect(createLimitsGuard({ tokens: 5, encoding: 'nonsense' })).rejects.toMatchObject({
      code: 'engine_unavailable',
    })
  })
})

describe('languages', () => {
  test('are told apart', async () => {
    const detect = await createLanguageDetector()
    for (const [language, text] of Object.entries(SAMPLES)) expect([text, detect(text)]).toEqual([text, language])
  })

  test('short and wordless texts have none', async () => {
    const detect = await createLanguageDetector()
    for (const text of ['', 'ok', 'Hola!', '12345 67890 12345 67890 12345 67890', '!!!', '\ud800'.repeat(50)]) {
      expect(detect(text)).toBeNull()
    }
  })

  test('are allowed or denied, and short texts are not judged', async () => {
    expect(await find({ languages: { allow: ['en'] } }, SAMPLES['en'] ?? '')).toEqual([])
    expect(await find({ languages: { allow: ['en'] } }, SAMPLES['de'] ?? '')).toMatchObject([
      { label: 'limit.language' },
    ])
    expect(await find({ languages: { deny: ['ru'] } }, SAMPLES['ru'] ?? '')).toMatchObject([
      { label: 'limit.language' },
    ])
    expect(await find({ languages: { deny: ['ru'] } }, SAMPLES['fr'] ?? '')).toEqual([])
    expect(await find({ languages: { allow: ['en'] } }, 'Guten Morgen')).toEqual([])
  })
})
