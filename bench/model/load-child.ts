/** Run in a fresh process: loads the fast tier once and prints the times, in milliseconds, as JSON. Its argument is the model file. */
import { readFileSync } from 'node:fs'
import { createEmbeddedClassifier } from '../../src/engines/embedded/index.ts'

const bytes = readFileSync(process.argv[2] ?? '')
let started = performance.now()
let sum = 0
for (let index = 0; index < bytes.length; index++) sum = (sum + (bytes[index] ?? 0)) | 0
const pass = performance.now() - started
started = performance.now()
const engine = createEmbeddedClassifier(bytes)
const load = performance.now() - started
process.stdout.write(JSON.stringify({ load, pass, sum, version: engine.version }))
