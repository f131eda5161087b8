/** The commented `parapet.yaml` that `parapet init` writes. What is active in it is the built-in policy, nothing else. */

export const POLICY_TEMPLATE = `# Parapet policy. Check it with: parapet policy check
# Edits take effect without a restart; a broken edit keeps the old policy and says so.
parapet: 1
name: default

# Which guards judge what. Stages: input (what users send), retrieval (documents fetched for the model), tool_call (arguments
# the model sends to tools), tool_result (what tools answer), output (what the model answers).
rails:
  input: [unicode, limits, secrets, pii, classifier]
  retrieval: [unicode, secrets, pii, classifier]
  tool_call: [secrets, pii]
  tool_result: [unicode, secrets, pii, classifier]
  output: [unicode, secrets, pii, prompt-leak, classifier]
  # A guard with settings for one rail:
  # output: [{ guard: classifier, shadow: true, deadline: 200ms, onError: pass }]

# Options of the guards, and guards of your own making.
guards:
  limits:
    use: limits
    characters: 1000000
    # tokens: 32000
    # languages: { allow: [en, de] }
  # pii:
  #   use: pii
  #   mode: pseudonym          # mask, hash, pseudonym (reversible; needs PARAPET_VAULT_KEY) or detect
  #   countries: [US, DE]
  # competitors:
  #   use: rules
  #   phrases: [Acme Corp]
  #   action: refuse
  # links:
  #   use: egress
  #   allow: ['example.com', '*.example.com']

# What happens when a finding's score is above its threshold: pass, flag, modify, retry, refuse, hold or block.
# The longest dotted prefix of a label wins. A hard rule cannot be silenced by an exception or loosened by a scope.
actions:
  prompt_harm: { threshold: 0.5, action: block }
  response_harm: { threshold: 0.9, action: block }   # at 0.5 one ordinary answer in seventeen would be blocked
  injection: { threshold: 0.5, action: block }
  toxicity: { threshold: 0.5, action: flag }
  pii: { action: modify }
  secret: { action: block, hard: true }
  # pii.card: { action: block }
  # S11: { threshold: 0.4, action: refuse }

# What a guard's own failure means: block (error or timeout for the caller) or pass (recorded).
# onError: block
# deadlines: { stage: 2s, guard: 1s }

# Which messages of a conversation are judged with each request.
# conversation: { messages: 8, roles: [user, assistant, tool] }

# before: judged before it is shown, held back by at most \`window\` characters. after: shown first, protects nobody.
# stream: { mode: before, window: 512 }

# true: nothing is changed or blocked, and every result says what would have been.
# shadow: false

# Answer plainly, under guidance or with a refusal, by your guidelines: one more call a turn.
# route: { use: primeguard, guidelines: guidelines.yaml }

# Start the model while the input is judged; its answer is held until then.
# speculative: false

# Images, audio and files that no guard can judge: block, flag or pass.
# media: block

# How often the model is asked again after \`retry\`.
# retries: 1

# Every decision is recorded. capture: what is kept of its texts (none, redacted or full); retention: for how long.
# mode sync: an answer leaves only once its record is committed. whenFull: refuse requests or drop (and count) records when
# neither the store nor the spill file can take them.
# record: { capture: none, retention: 30d, mode: async, whenFull: refuse }

# Verdicts for the same text are kept in memory; false switches that off.
# cache: { entries: 10000, ttl: 10m }

# The policy's own words, by language of the user.
# refusals:
#   default: I cannot help with this request.
#   de: Bei dieser Anfrage kann ich nicht helfen.

# Exceptions: one of phrase, pattern, hash, category or caller; counted, and never for hard rules.
# exceptions:
#   - id: product-name
#     phrase: Killer Bee energy drink
#     labels: [rule]
#     reason: name of our product
#     owner: maria@example.com
#     expires: 2027-06-30

# Narrower scopes may tighten anything and loosen what is not hard.
# scopes:
#   organisation: {}
#   applications:
#     kids:
#       actions: { toxicity: { threshold: 0.3, action: block } }
#   users: {}
`
