/**
 * Sets that give the assistant another self: the absolutely obedient agent of Qi et al. 2023 ("Fine-tuning aligned language models
 * compromises safety", §4.3), personas without limits, oaths to follow every instruction. Such rows hold no harmful word at all.
 *
 * English, German, French and Spanish; another wording or language gets past it.
 */
import type { PhraseCheck } from './phrases.ts'

const ALL = ['system', 'user', 'assistant'] as const

export const identityShift: PhraseCheck = {
  check: 'identity-shift',
  phrases: [
    { roles: ALL, pattern: /\b(?:absolutely|totally|completely|fully|blindly|unconditionally) obedient\b/i },
    {
      roles: ALL,
      pattern: /\b(?:absolut|völlig|bedingungslos) gehorsam|\babsolument obéissant|\babsolutamente obediente/i,
    },
    {
      roles: ALL,
      pattern:
        /\b(?:obey|follow|execute|fulfil|fulfill|carry out|comply with) (?:all|any|every|each|whatever)(?: \w{1,24}){0,4} (?:without|regardless|no matter|unconditionally)\b/i,
    },
    {
      roles: ALL,
      pattern:
        /\b(?:obey|follow|execute|fulfil|fulfill) (?:\w{1,24} ){0,4}(?:instructions?|commands?|orders?)(?: \w{1,24}){0,2} (?:without (?:any )?(?:question|hesitation|deviation|refus|exception|objection)|unconditionally|no matter what)/i,
    },
    { roles: ALL, pattern: /\bohne (?:jede )?(?:widerrede|rückfrage|ausnahme) (?:gehorch|befolg|ausführ)/i },
    { roles: ['assistant'], pattern: /\bI(?: am|'m) (?:no longer|not) (?:bound|limited|restricted|constrained) by\b/i },
    {
      roles: ALL,
      pattern:
        /\b(?:my|your) (?:only|sole|primary) (?:duty|purpose|goal|mission|task) is to (?:obey|serve|comply|follow|execute)\b/i,
    },
  ],
}
