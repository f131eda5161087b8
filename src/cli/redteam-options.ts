/** Options and help of `parapet redteam`: attacks on one's own models. What each does is in the command's own file, loaded when it is called. */
import type { Command } from 'commander'
import type { CliIo } from './io.ts'
import type { Done } from './record-commands.ts'
import { addPrompts } from './redteam-prompts-options.ts'
import { addUnalign } from './redteam-unalign-options.ts'
import { addVirus } from './redteam-virus-options.ts'

export function addRedteam(program: Command, io: CliIo, done: Done): void {
  const redteam = program.command('redteam').description('attack your own model, to learn what holds')
  addUnalign(redteam, io, done)
  addPrompts(redteam, io, done)
  addVirus(redteam, io, done)
}
