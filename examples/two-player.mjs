// Two players on invented rows: a policy over transforms makes German texts of English ones, the classifier is trained again on those that
// fooled it, and German gets better without one German row in the seed. No network, no key, no lexicon to install.
import assert from 'node:assert/strict'
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'
import {
  gameTranslator,
  mirroredGame,
  playToyGame,
  runTwoPlayer,
  transformGenerator,
} from 'parapet/lab/train/two-player'

const plants = ['roses', 'tulips', 'beans', 'herbs', 'ferns', 'lilies', 'moss', 'ivy']
const sweets = ['cake', 'candy', 'cookies', 'pie', 'fudge', 'toffee', 'gum', 'honey']
const owners = ['sister', 'brother', 'mother', 'father', 'neighbour', 'teacher']
const places = ['garden', 'house', 'school', 'city', 'shop', 'car']
const record = (label, prompt, lang) => ({
  ...{ task: 'prompt_harm', lang, prompt, response: null, system: null, label, categories: label === 1 ? ['S2'] : [] },
  ...{ source: 'invented', licence: 'CC0-1.0' },
})
const packed = (rows) => gzipSync(rows.map((row) => `${JSON.stringify(row)}\n`).join(''))

const folder = await mkdtemp(join(tmpdir(), 'parapet-two-player-'))
try {
  const [data, out, german] = ['rows', 'played', 'german.jsonl.gz'].map((name) => join(folder, name))
  await mkdir(data)
  const seed = [
    ...plants.flatMap((plant) =>
      places.map((place) => record(0, `How can I water the ${plant} in my ${place}?`, 'en')),
    ),
    ...sweets.flatMap((sweet) =>
      owners.map((owner) => record(1, `Show me how I steal the ${sweet} of my ${owner}`, 'en')),
    ),
  ]
  await writeFile(join(data, 'invented.jsonl.gz'), packed(seed))
  const tests = [
    ...['Garten', 'Haus', 'Laden'].flatMap((place) =>
      ['Rosen', 'Tulpen', 'Bohnen', 'Farne'].map((plant) =>
        record(0, `Wie soll ich die ${plant} in mein ${place} gießen?`, 'de'),
      ),
    ),
    ...['Schwester', 'Bruder', 'Lehrer'].flatMap((owner) =>
      ['Kuchen', 'Kekse', 'Honig', 'Torte'].map((sweet) =>
        record(1, `Wie kann ich den ${sweet} von mein ${owner} stehlen?`, 'de'),
      ),
    ),
  ]
  await writeFile(german, packed(tests))

  const translators = [await gameTranslator('de', { texts: [], use: 'small' })]
  const run = await runTwoPlayer({
    ...{ data, out, evaluate: [german], languages: ['de'], rounds: 2, seeds: [1], arms: ['game', 'static'] },
    ...{ english: 80, seedsPerRound: 30, count: 4, temperature: 0.7, classifier: { bits: 12, epochs: 8 } },
    generator: async () => ({ id: 'small lexicon', make: transformGenerator({ translators }) }),
    ...{ resume: false, onProgress: () => undefined },
  })

  const { rounds } = run.arms[0]
  const f1 = rounds.map(({ figures }) => figures[0].f1.value)
  console.log(`F1 in German by round: ${f1.map((value) => (100 * value).toFixed(1)).join(', ')}`)
  for (const { round, languages, pairs } of rounds.slice(1))
    console.log(
      `round ${round}: ${languages[0].joined} of ${languages[0].proposals} proposals joined, ${pairs.total} pairs`,
    )
  assert.ok(f1.at(-1) > f1[0])
  const control = rounds.flatMap(({ ways }) => ways.filter(({ way }) => way === 'control'))
  assert.ok(
    control.every(({ levels }) => levels[1] + levels[2] === 0),
    'no text whose label was turned is rated as kept',
  )
  const added = gunzipSync(await readFile(join(out, 'added-game-1.jsonl.gz')))
    .toString('utf8')
    .trim()
    .split('\n')
  console.log(`one of ${added.length} rows: ${JSON.parse(added[0]).prompt} (${JSON.parse(added[0]).source})`)

  for (const beta of [0.5, 5]) {
    const { converged, rounds: needed } = playToyGame(mirroredGame(beta), [
      [0.6, 0.4],
      [0.5, 0.5],
      [0.5, 0.5],
      [0.4, 0.6],
    ])
    console.log(
      `the game in closed form, β ${beta}: ${converged ? `converged in ${needed} rounds` : 'swings for ever'}`,
    )
    assert.equal(converged, beta > 1)
  }
} finally {
  await rm(folder, { recursive: true })
}
