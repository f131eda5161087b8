/** Loaded tokenizers: nothing is lost, chats are encoded as their text is, and users cannot write control tokens. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { trainBytePairs } from './byte-level-bpe.ts'
import { CHATML_TEMPLATE, CHATML_TOKENS } from './chat-template.ts'
import { streamDecoder } from './stream-decoder.ts'
import { loadTokenizer } from './tokenizer-json.ts'

const CORPUS = [
  'user said hello there',
  'assistant said hello hello <|im im end|>',
  'system\nuser\nassistant naïve 😀 aa',
]
const FILES = trainBytePairs(CORPUS, {
  vocabularySize: 330,
  specialTokens: ['<|endoftext|>', ...CHATML_TOKENS],
  beginToken: '<|im_start|>',
  endToken: '<|im_end|>',
  padToken: '<|endoftext|>',
  chatTemplate: CHATML_TEMPLATE,
  leastCount: 1,
})
const tokenizer = await loadTokenizer(FILES)
const [START, END] = [1, 2]

const anyText = fc.string({ unit: 'binary', maxLength: 40 })
/** Texts full of pieces of control tokens, whole ones left out. */
const harmless = fc
  .array(
    fc.oneof(fc.constantFrom('<', '<|', '|>', 'im_', 'end', ' ', '\n', '\n\n', 'hello', '$&', '\uFDD0'), anyText),
    {
      maxLength: 6,
    },
  )
  .map((parts) => parts.join(''))
  .filter((text) => !/<\|(?:im_start|im_end|endoftext)\|>/i.test(text))
const hostile = fc
  .array(fc.constantFrom('<|im_end|>', '<|im_start|>', '<|IM_END|>', '<', '<|im_', 'end|>', 'a', '\n', '\uFDD0'), {
    maxLength: 8,
  })
  .map((parts) => parts.join(''))
const role = fc.constantFrom('system', 'user', 'assistant')
const chat = (content: fc.Arbitrary<string>) => fc.array(fc.record({ role, content }), { minLength: 1, maxLength: 4 })
const controls = (ids: readonly number[]) => ids.filter((id) => tokenizer.controlTokens.includes(id))

describe('texts', () => {
  test('decode gives back what was encoded, with and without special tokens', () => {
    fc.assert(
      fc.property(fc.oneof(anyText, hostile), fc.boolean(), (text, special) => {
        expect(tokenizer.decode(tokenizer.encode(text, { special }))).toBe(text)
      }),
      { seed: 20261126, numRuns: 300 },
    )
  })

  test('the text of a special token is one only when that is asked for', () => {
    expect(tokenizer.encode('<|im_end|>', { special: true })).toEqual([END])
    expect(controls(tokenizer.encode('<|im_end|>'))).toEqual([])
    expect(controls(tokenizer.encode('x<|im_end|><|im_start|>'))).toEqual([])
  })

  test('meanings of ids', () => {
    expect(tokenizer).toMatchObject({ beginToken: START, endToken: END, padToken: 0, controlTokens: [0, 1, 2] })
    expect(tokenizer.tokenText(END)).toBe('<|im_end|>')
    expect(tokenizer.tokenId('Ġ')).toBe(3 + 0x20)
    expect(tokenizer.tokenId('nowhere')).toBeUndefined()
    expect(tokenizer.decode([START, 3 + 0x61, END], { skipSpecial: true })).toBe('a')
    const ids = tokenizer.encode('red')
    expect(tokenizer.decode([9999, ...ids, 9999])).toBe('red')
    expect(() => tokenizer.tokenText(-1)).toThrow('no token -1')
  })
})

describe('chats', () => {
  test('ChatML is rendered as it is defined', () => {
    const messages = [{ role: 'user', content: 'hello' }]
    expect(tokenizer.applyChatTemplate(messages)).toBe('<|im_start|>user\nhello<|im_end|>\n')
    expect(tokenizer.applyChatTemplate(messages, { addGenerationPrompt: true })).toMatch(/\n<\|im_start\|>assistant\n$/)
  })

  test.each(['ChatML', 'trimming', 'joining'])('harmless contents: ids of the rendered text, %s', async (kind) => {
    const template = {
      ChatML: CHATML_TEMPLATE,
      trimming: CHATML_TEMPLATE.replace("message['content']", "message['content'] | trim"),
      joining: `{% for message in messages %}{{ message.content }}{% endfor %}<|im_end|>`,
    }[kind]
    const loaded = await loadTokenizer({ ...FILES, chatTemplate: template ?? '' })
    fc.assert(
      fc.property(chat(harmless), fc.boolean(), (messages, addGenerationPrompt) => {
        const text = loaded.applyChatTemplate(messages, { addGenerationPrompt })
        // Contents that only together are a control token are the next test's matter.
        fc.pre(kind !== 'joining' || text.indexOf('<|im_end|>') === text.length - 10)
        fc.pre(kind !== 'joining' || !/<\|(?:im_start|endoftext)\|>/.test(text))
        expect(loaded.encodeChat(messages, { addGenerationPrompt })).toEqual(loaded.encode(text, { special: true }))
      }),
      { seed: 20261126, numRuns: 200 },
    )
  })

  test('contents and roles never become control tokens, and their text survives', () => {
    fc.assert(
      fc.property(chat(hostile), (messages) => {
        const ids = tokenizer.encodeChat(messages)
        expect(controls(ids)).toEqual(messages.flatMap(() => [START, END]))
        expect(tokenizer.decode(ids)).toBe(tokenizer.applyChatTemplate(messages))
      }),
      { seed: 20261126, numRuns: 300 },
    )
    const ids = tokenizer.encodeChat([{ role: 'user<|im_end|>', content: 'a' }], { variables: { x: '<|im_end|>' } })
    expect(controls(ids)).toEqual([START, END])
  })

  test('a template that cuts, joins or lowers contents makes no control token of them', async () => {
    const templates = [
      `{% for message in messages %}{{ message.content }}{% endfor %}`,
      `{% for message in messages %}{{ message.content | lower }}{% endfor %}`,
      `{% for message in messages %}{{ message.content | replace('CUT', '') }}{% endfor %}`,
      `{{ extra }}`,
      `{% for name, value in tools.items() %}{{ name }}{% endfor %}`,
    ]
    const contents = ['<|im_', 'end|>', '<|IM_END|>', '<|iCUTm_end|>', '<|im_end|>']
    for (const chatTemplate of templates) {
      const loaded = await loadTokenizer({ ...FILES, chatTemplate })
      const messages = contents.map((content) => ({ role: 'user', content }))
      const options = { variables: { extra: contents.join(''), tools: { 'a<|im_end|>': 1 } } }
      const text = loaded.applyChatTemplate(messages, options)
      expect(controls(loaded.encode(text, { special: true })).length).toBeGreaterThan(0)
      const ids = loaded.encodeChat(messages, options)
      expect(controls(ids)).toEqual([])
      expect(loaded.decode(ids)).toBe(text)
    }
  })

  test('a text may hold every character a mark could be but one', () => {
    const used = Array.from({ length: 0x1900 }, (_, index) => String.fromCharCode(0xe000 + index)).join('')
    const rest = Array.from({ length: 31 }, (_, index) => String.fromCharCode(0xfdd0 + index)).join('')
    const text = `${used}<|im_end|>${rest}`
    expect(tokenizer.decode(tokenizer.encode(text))).toBe(text)
    expect(controls(tokenizer.encode(text))).toEqual([])
    expect(() => tokenizer.encode(`${text}\uFDEF`)).toThrow('every character of private use')
  })

  test('roles that are trusted may write control tokens', () => {
    const messages = [
      { role: 'assistant', content: 'a<|im_end|>' },
      { role: 'user', content: 'a<|im_end|>' },
    ]
    expect(controls(tokenizer.encodeChat(messages, { trustedRoles: ['assistant'] }))).toHaveLength(5)
  })

  test('missing, broken and refusing templates', async () => {
    const messages = [{ role: 'user', content: 'a' }]
    const { chat_template: _, ...config } = FILES.config
    const without = await loadTokenizer({ json: FILES.json, config })
    expect(() => without.applyChatTemplate(messages)).toThrow('no chat template')
    expect(() => without.encodeChat(messages)).toThrow('no chat template')
    await expect(loadTokenizer({ ...FILES, chatTemplate: '{% if %}' })).rejects.toThrow('not valid Jinja')
    const refusing = await loadTokenizer({ ...FILES, chatTemplate: `{{ raise_exception('turns must alternate') }}` })
    expect(() => refusing.encodeChat(messages)).toThrow('refused these messages: turns must alternate')
    const named = [{ name: 'default', template: 'x{{ messages[0].content }}' }]
    const several = await loadTokenizer({ json: FILES.json, config: { ...config, chat_template: named } })
    expect(several.applyChatTemplate(messages)).toBe('xa')
  })
})

describe('other tokenizers', () => {
  test('a vocabulary that lists a control token as a word gives it to no user', async () => {
    const vocab = { '<unk>': 0, '</s>': 1, '▁': 2, a: 3, '<': 4, '/': 5, s: 6, '>': 7 }
    const json = {
      added_tokens: [
        { id: 0, content: '<unk>', special: true },
        { id: 1, content: '</s>', special: true },
      ],
      model: { type: 'Unigram', unk_id: 0, vocab: Object.keys(vocab).map((piece, id) => [piece, id === 1 ? 0 : -5]) },
      decoder: { type: 'Fuse' },
    }
    const loaded = await loadTokenizer({ json })
    expect(loaded.encode('a</s>', { special: true })).toEqual([3, 1])
    expect(loaded.encode('a</s>')).toEqual([3, 4, 5, 6, 7])
  })

  test('files that are no tokenizer are refused', async () => {
    await expect(loadTokenizer({ json: '{}' })).rejects.toThrow('must be a JSON object')
    await expect(loadTokenizer({ json: {} })).rejects.toThrow('it has no model')
    await expect(loadTokenizer({ json: { model: { type: 'BPE' } } })).rejects.toThrow('cannot be read')
    const added_tokens = [{ content: 'x' }]
    await expect(loadTokenizer({ json: { ...FILES.json, added_tokens } })).rejects.toThrow('added_tokens[0]')
  })
})

describe('streams', () => {
  test('the parts are the whole, for texts and for any ids', () => {
    const ids = fc.oneof(
      fc.array(fc.nat(tokenizer.vocabularySize - 1), { maxLength: 30 }),
      anyText.map((text) => [...tokenizer.encode(text)]),
    )
    fc.assert(
      fc.property(ids, fc.boolean(), (ids, skipSpecial) => {
        const stream = streamDecoder(tokenizer, { skipSpecial })
        const parts = ids.map((id) => stream.push(id))
        expect(parts.join('') + stream.end()).toBe(tokenizer.decode(ids, { skipSpecial }))
      }),
      { seed: 20261126, numRuns: 500 },
    )
  })

  test('a character comes when it is complete', () => {
    const stream = streamDecoder(tokenizer)
    const bytes = [...new TextEncoder().encode('a€b')].map((byte) => 3 + byte)
    expect(bytes.map((id) => stream.push(id))).toEqual(['a', '', '', '€', 'b'])
    expect(stream.end()).toBe('')
    stream.push(3 + 0xe2)
    expect(stream.end()).toBe('\uFFFD')
  })
})
