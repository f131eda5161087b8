/** The guard over whole conversations: many-shot and multi-turn attacks. */
export { assessConversation, createConversationGuard } from './guard.ts'
export type { ConversationGuardOptions } from './guard.ts'
export type { ConversationAttack, ConversationEvidence } from './evidence.ts'
export { embeddedDialogue } from './embedded-shots.ts'
export type { EmbeddedDialogue, EmbeddedShot } from './embedded-shots.ts'
