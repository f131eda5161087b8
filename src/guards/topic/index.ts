/** The guard of a scope: prompts that a system prompt has nothing to do with. */
export { TOPIC_THRESHOLDS, type TopicGuardOptions, createTopicGuard } from './guard.ts'
