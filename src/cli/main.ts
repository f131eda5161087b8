#!/usr/bin/env node
/**
 * The `parapet` command. Everything is in `program.ts`; this file only connects it to the process.
 */
import { processIo } from './io.ts'
import { createRuntime } from './load-runtime.ts'
import { runProgram } from './program.ts'

const io = processIo()
const code = await runProgram(process.argv.slice(2), io, createRuntime())
// Waits until what was written is out: exiting at once would cut off a pipe.
await Promise.all([io.stdout.write(''), io.stderr.write('')])
process.exit(code)
