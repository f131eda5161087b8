/**
 * Rows that force how an answer begins, so that it cannot begin with a refusal: orders to start with agreement, and answers that start with
 * a vow before they answer. Openings that many rows share are counted over the whole set (`set/shared-openings.ts`).
 */
import type { PhraseCheck } from './phrases.ts'

export const prefixForcing: PhraseCheck = {
  check: 'prefix-forcing',
  phrases: [
    {
      roles: ['system', 'user'],
      pattern:
        /\b(?:start|begin|open) (?:\w{1,24} ){0,4}(?:answer|response|reply|output|message|it|with) (?:\w{1,24} ){0,3}["'“‘«:]? ?(?:sure|of course|certainly|absolutely|yes|here (?:is|are)|i will)\b/i,
    },
    {
      roles: ['assistant'],
      pattern:
        /^.{0,40}\b(?:of course|sure|certainly|yes)[^.!\n]{0,40}[.!,] ?I am [^.!\n]{1,60}[.!,] ?(?:your|an?|the|I will|here|now)\b/i,
    },
    {
      roles: ['assistant'],
      pattern: /\bhere is my (?:fulfil|fulfill)ment of (?:your|the) (?:instruction|request|order)/i,
    },
  ],
}
