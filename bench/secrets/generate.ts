/**
 * A seeded set of texts with secrets planted in them, and hard negatives of the same shapes.
 *
 * Shares no code with the recognisers: shapes were written down a second time from the vendors' documentation. Every body is
 * random; none is known to open anything.
 */

/** A text and the secret in it, if there is one. */
export interface SecretRow {
  readonly text: string
  /** Null for hard negatives. */
  readonly secret: { readonly kind: string; readonly start: number; readonly end: number } | null
  /** Kind of secret, or name of the negative. */
  readonly name: string
}

const UPPER = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'
const LOWER = UPPER.toLowerCase()
const DIGITS = '0123456789'
const ALNUM = UPPER + LOWER + DIGITS
const HEX = '0123456789abcdef'
const URL64 = `${ALNUM}-_`
const STD64 = `${ALNUM}+/`
const WORDS =
  'river stone cloud garden window letter summer winter market bridge silver copper forest station paper engine'.split(
    ' ',
  )

/** Random choices from a seed (mulberry32). */
class Dice {
  #state: number

  constructor(seed: number) {
    this.#state = seed >>> 0
  }

  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0
    let value = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state)
    value = (value + Math.imul(value ^ (value >>> 7), 61 | value)) ^ value
    return Math.floor((((value ^ (value >>> 14)) >>> 0) / 4294967296) * limit)
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)]
    if (item === undefined) throw new RangeError('there is nothing to pick from')
    return item
  }

  of(alphabet: string, count: number): string {
    return Array.from({ length: count }, () => alphabet[this.below(alphabet.length)]).join('')
  }
}

type Make = (dice: Dice) => string

/** Kinds that can be told alone, by their shape. */
const TOKENS: Readonly<Record<string, Make>> = {
  aws_access_key: (d) => d.pick(['AKIA', 'ASIA']) + d.of(`${UPPER}234567`, 16),
  github: (d) => `gh${d.pick(['p', 'o', 's', 'u'])}_${d.of(ALNUM, 36)}`,
  github_fine_grained: (d) => `github_pat_${d.of(ALNUM, 22)}_${d.of(ALNUM, 59)}`,
  gitlab: (d) => `glpat-${d.of(URL64, 20)}`,
  npm: (d) => `npm_${d.of(ALNUM, 36)}`,
  pypi: (d) => `pypi-AgEIcHlwaS5vcmc${d.of(URL64, 150)}`,
  huggingface: (d) => `hf_${d.of(UPPER + LOWER, 34)}`,
  anthropic: (d) => `sk-ant-api03-${d.of(URL64, 93)}AA`,
  openai_project: (d) => `sk-proj-${d.of(URL64, 74)}T3BlbkFJ${d.of(URL64, 74)}`,
  openai_classic: (d) => `sk-${d.of(ALNUM, 20)}T3BlbkFJ${d.of(ALNUM, 20)}`,
  google_api_key: (d) => `AIza${d.of(URL64, 35)}`,
  google_oauth: (d) => `GOCSPX-${d.of(URL64, 28)}`,
  stripe: (d) => `${d.pick(['sk', 'rk'])}_${d.pick(['live', 'test'])}_${d.of(ALNUM, d.pick([24, 99]))}`,
  slack_token: (d) => `xoxb-${d.of(DIGITS, 12)}-${d.of(DIGITS, 13)}-${d.of(ALNUM, 24)}`,
  slack_webhook: (d) =>
    `https://hooks.slack.com/services/T${d.of(UPPER + DIGITS, 10)}/B${d.of(UPPER + DIGITS, 10)}/${d.of(ALNUM, 24)}`,
  discord_webhook: (d) => `https://discord.com/api/webhooks/${d.of(DIGITS, 19)}/${d.of(URL64, 68)}`,
  telegram: (d) => `${d.of('123456789', 10)}:AA${d.of(URL64, 33)}`,
  sendgrid: (d) => `SG.${d.of(URL64, 22)}.${d.of(URL64, 43)}`,
  twilio: (d) => `SK${d.of(HEX, 32)}`,
  jwt: (d) =>
    `${jwtPart({ alg: 'HS256', typ: 'JWT' })}.${jwtPart({ sub: d.of(DIGITS, 10), name: d.pick(WORDS), iat: 1_700_000_000 })}.${d.of(URL64, 43)}`,
  azure_storage: (d) =>
    `DefaultEndpointsProtocol=https;AccountName=${d.pick(WORDS)};AccountKey=${d.of(STD64, 86)}==;EndpointSuffix=core.windows.net`,
  database_url: (d) =>
    `${d.pick(['postgres', 'mysql', 'mongodb+srv', 'redis'])}://${d.pick(WORDS)}:${d.of(ALNUM, 14)}@db.${d.pick(WORDS)}.internal/${d.pick(WORDS)}`,
  basic_auth_url: (d) => `https://${d.pick(WORDS)}:${d.of(ALNUM, 12)}@git.${d.pick(WORDS)}.org/repo.git`,
  private_key: (d) => pem(d),
  figma: (d) => `figd_${d.of(URL64, 43)}`,
  databricks: (d) => `dapi${d.of(HEX, 32)}`,
  vault: (d) => `hvs.${d.of(URL64, 95)}`,
  shopify: (d) => `shpat_${d.of(HEX, 32)}`,
  linear: (d) => `lin_api_${d.of(ALNUM, 40)}`,
  docker: (d) => `dckr_pat_${d.of(URL64, 27)}`,
  random_token: (d) => d.of(ALNUM, 32 + d.below(16)),
}

/** Values that only their name gives away. */
const NAMED: Readonly<Record<string, readonly [names: readonly string[], make: Make]>> = {
  aws_secret_key: [['AWS_SECRET_ACCESS_KEY', 'aws_secret_access_key', 'secretAccessKey'], (d) => d.of(STD64, 40)],
  password: [
    ['DB_PASSWORD', 'password', 'userPassword', 'smtp_passwd', 'PGPASSWORD', 'pwd'],
    (d) =>
      d.pick([
        () => d.of(`${ALNUM}!$%*+-_?`, 14),
        () => `${d.pick(WORDS)}${d.of(DIGITS, 4)}!`,
        () => `${capital(d.pick(WORDS))}-${d.pick(WORDS)}${d.of(DIGITS, 2)}`,
      ])(),
  ],
  api_key: [
    ['api_key', 'apiKey', 'X_API_KEY', 'client_secret', 'auth_token', 'secretKey', 'encryption_key'],
    (d) => d.pick([() => d.of(HEX, 32), () => d.of(ALNUM, 24), () => d.of(LOWER + DIGITS, 28)])(),
  ],
}

type Place = (secret: string, d: Dice) => readonly [before: string, after: string]

const PLACES: readonly Place[] = [
  () => ['', ''],
  (_s, d) => [`const ${d.pick(WORDS)} = "`, '"\n'],
  (_s, d) => [`curl -H 'X-Thing: ${d.pick(WORDS)}' --data '`, `' https://api.example.org/v1/${d.pick(WORDS)}\n`],
  (_s, d) => [`{"${d.pick(WORDS)}": "`, `", "${d.pick(WORDS)}": 3}`],
  (_s, d) => [`${d.pick(WORDS)}:\n  value: `, '\n  other: 1\n'],
  (_s, d) => [`Why does this fail? I call it with `, ` and get a 401 from the ${d.pick(WORDS)} service.`],
  (_s, d) => [`Warum geht das nicht? Ich benutze `, ` am ${d.pick(WORDS)}, bekomme aber einen Fehler.`],
  () => ['Peux-tu vérifier ', ' pour moi, s’il te plaît ?'],
  () => ['¿Puedes comprobar ', ' por favor?'],
  () => ['请帮我检查', '，谢谢。'],
  () => ['これを確認してください：', '。お願いします'],
  () => ['Проверь, пожалуйста: ', ', что-то не работает.'],
  (_s, d) => [`| ${d.pick(WORDS)} | \``, '` |\n'],
]

const NAMED_PLACES: readonly ((name: string, d: Dice) => readonly [before: string, after: string])[] = [
  (name) => [`${name}=`, '\n'],
  (name) => [`export ${name}="`, '"\n'],
  (name) => [`  "${name}": "`, '",\n'],
  (name) => [`${name}: `, '\n'],
  (name) => [`const config = { ${name}: '`, "' }"],
  (name) => [`${name} := "`, '"'],
]

const SENTENCES: readonly (readonly [before: string, after: string])[] = [
  ['my password is ', ', why can’t I log in?'],
  ['mein Passwort lautet ', ' und es geht nicht'],
  ['mi contraseña es ', ' pero no funciona'],
  ['mon mot de passe est ', ' depuis hier'],
  ['minha senha é ', ' e não entra'],
  ['我的密码是 ', '，登录不了'],
  ['パスワード: ', ' です'],
  ['мой пароль: ', ' не подходит'],
]

const NEGATIVES: Readonly<Record<string, Make>> = {
  uuid: (d) => `request ${d.of(HEX, 8)}-${d.of(HEX, 4)}-4${d.of(HEX, 3)}-a${d.of(HEX, 3)}-${d.of(HEX, 12)} failed`,
  git_hash: (d) => `fixed in commit ${d.of(HEX, 40)}, see also ${d.of(HEX, 7)}`,
  sha256: (d) => `sha256:${d.of(HEX, 64)}  ${d.pick(WORDS)}.tar.gz`,
  integrity: (d) => `"integrity": "sha512-${d.of(STD64, 86)}==",`,
  image: (d) => `![x](data:image/png;base64,iVBORw0KGgo${d.of(STD64, 300)}=)`,
  certificate: (d) =>
    `-----BEGIN CERTIFICATE-----\n${Array.from({ length: 14 }, () => d.of(STD64, 64)).join('\n')}\n${d.of(STD64, 30)}==\n-----END CERTIFICATE-----`,
  colour: (d) => `color: #${d.of(HEX, 6)}; background: #${d.of(HEX, 8)};`,
  path: (d) =>
    `/usr/local/lib/${d.pick(WORDS)}/${d.pick(WORDS)}-${d.below(20)}.${d.below(9)}/site-packages/${d.pick(WORDS)}_${d.pick(WORDS)}.py`,
  slug: (d) =>
    `https://blog.example.org/2024/0${1 + d.below(9)}/how-${d.pick(WORDS)}-${d.pick(WORDS)}-${d.pick(WORDS)}-${d.of(DIGITS, 6)}`,
  document_link: (d) => `https://docs.example.com/document/d/${d.of(URL64, 44)}/edit#heading=h.${d.of(LOWER, 12)}`,
  version: (d) =>
    `node-v${d.below(22)}.${d.below(20)}.${d.below(9)}-linux-x64 and 1.${d.below(99)}.0-beta.${d.below(9)}+build.${d.of(DIGITS, 8)}`,
  identifier: (d) => `const ${camel(d, 5)} = create${camel(d, 4)}(${camel(d, 3)}V2, ${camel(d, 6)})`,
  constant: (d) =>
    `${d.pick(WORDS).toUpperCase()}_${d.pick(WORDS).toUpperCase()}_MAX_${d.pick(WORDS).toUpperCase()}_SIZE_2 = 4096`,
  long_word: () =>
    'Die Donaudampfschifffahrtselektrizitätenhauptbetriebswerkbauunterbeamtengesellschaft wurde 1924 gegründet.',
  lorem: () => 'Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor incididunt ut labore.',
  env_reference: (d) =>
    `password: \${${d.pick(WORDS).toUpperCase()}_PASSWORD}\napi_key: process.env.API_KEY_${d.below(9)}\nsecret = os.environ["SECRET"]`,
  placeholder: (d) =>
    `api_key = "your-api-key-here"\npassword = "${d.pick(['changeme', '********', '<password>', 'xxxxxxxxxx'])}"\nsk-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx`,
  schema: () => 'password: z.string().min(8).max(64)\ntoken: string\nsecret?: boolean | null',
  call: (d) =>
    `const token = await ${camel(d, 3)}(user${d.below(99)}, 'scope')\nconst password = form.get("password2")`,
  question: () => 'How do I reset my password? The form says the password is required and the token is invalid.',
  tokens: (d) =>
    `max_tokens: ${d.of('123456789', 5)}, prompt_tokens=${d.of('123456789', 4)}, token count: ${d.of('123456789', 6)}`,
  kubernetes: (d) =>
    `pod/${d.pick(WORDS)}-${d.pick(WORDS)}-${d.of(LOWER + DIGITS, 10)}-${d.of(LOWER + DIGITS, 5)} is running`,
  account: (d) => `order ${d.of(DIGITS, 16)} of customer C-${d.of(DIGITS, 10)}, tracking 1Z${d.of(UPPER + DIGITS, 16)}`,
  package_lock: (d) =>
    `"resolved": "https://packages.example.org/@types/${d.pick(WORDS)}/-/${d.pick(WORDS)}-${d.below(9)}.${d.below(9)}.tgz#${d.of(HEX, 40)}"`,
  near_miss: (d) =>
    `AKIA${d.of(UPPER, 8)} ghp_${d.of(ALNUM, 12)} AIza${d.of(ALNUM, 10)} sk-${d.pick(WORDS)}-${d.pick(WORDS)}-${d.pick(WORDS)} xoxb-${d.of(DIGITS, 4)}`,
  public_url: (d) =>
    `postgres://localhost:5432/${d.pick(WORDS)} and https://user@example.org/ and redis://cache:6379/0`,
}

/** The set: `perKind` rows of each kind of secret and of each negative. */
export function generateSecretRows(seed: number, perKind: number): readonly SecretRow[] {
  const d = new Dice(seed)
  const rows: SecretRow[] = []
  const add = (kind: string, before: string, secret: string, after: string): void => {
    const start = before.length
    rows.push({ text: before + secret + after, secret: { kind, start, end: start + secret.length }, name: kind })
  }
  for (const [kind, make] of Object.entries(TOKENS)) {
    for (let index = 0; index < perKind; index++) {
      const secret = make(d)
      add(kind, ...surround(PLACES[index % PLACES.length]?.(secret, d), secret))
    }
  }
  for (const [kind, [names, make]] of Object.entries(NAMED)) {
    for (let index = 0; index < perKind; index++) {
      const secret = make(d)
      const spoken = kind === 'password' && index % 2 === 1
      add(kind, ...surround(spoken ? d.pick(SENTENCES) : d.pick(NAMED_PLACES)(d.pick(names), d), secret))
    }
  }
  for (const [name, make] of Object.entries(NEGATIVES)) {
    for (let index = 0; index < perKind; index++) rows.push({ text: make(d), secret: null, name })
  }
  return rows
}

function surround(
  place: readonly [string, string] | undefined,
  secret: string,
): [before: string, secret: string, after: string] {
  return [place?.[0] ?? '', secret, place?.[1] ?? '']
}

function jwtPart(value: object): string {
  return Buffer.from(JSON.stringify(value)).toString('base64url')
}

function pem(d: Dice): string {
  const kind = d.pick(['RSA ', 'EC ', 'OPENSSH ', ''])
  const lines = Array.from({ length: 6 + d.below(20) }, () => d.of(STD64, 64))
  return `-----BEGIN ${kind}PRIVATE KEY-----\nMII${lines.join('\n')}\n-----END ${kind}PRIVATE KEY-----`
}

function camel(d: Dice, count: number): string {
  return Array.from({ length: count }, () => capital(d.pick(WORDS))).join('')
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1)
}
