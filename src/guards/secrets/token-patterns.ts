/**
 * Tokens that can be told by their own shape: a vendor's prefix, length and alphabet.
 *
 * Shapes follow the vendors' documentation and GitHub's list of secret-scanning patterns. Rarer vendors are left to the library
 * (`engines/secretlint`) and to the entropy detector. All but passwords in URLs are twenty characters long or longer.
 */
import { isFiller, TOKEN_END, TOKEN_START, tokenPattern, type SecretPattern } from './secret-pattern.ts'

const WEB_TOKEN = String.raw`eyJ[A-Za-z0-9_-]{8,1000}\.eyJ[A-Za-z0-9_-]{8,1000}\.[A-Za-z0-9_-]{16,700}`

/** Recognisers of vendors' tokens. */
export const TOKEN_PATTERNS: readonly SecretPattern[] = [
  tokenPattern('aws_access_key', ['AKIA', 'ASIA'], 'A[KS]IA[A-Z0-9]{16}'),
  tokenPattern('github', ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'], 'gh[pousr]_[A-Za-z0-9]{36,251}'),
  tokenPattern('github', ['github_pat_'], 'github_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}'),
  tokenPattern('gitlab', ['glpat-'], 'glpat-[A-Za-z0-9_-]{20,128}'),
  tokenPattern('npm', ['npm_'], 'npm_[A-Za-z0-9]{36}'),
  tokenPattern('pypi', ['pypi-'], 'pypi-AgE[A-Za-z0-9_-]{50,250}'),
  tokenPattern('huggingface', ['hf_'], 'hf_[A-Za-z0-9]{32,40}'),
  tokenPattern('anthropic', ['sk-ant-'], 'sk-ant-[a-z0-9]{3,10}-[A-Za-z0-9_-]{32,128}'),
  tokenPattern('openai', ['sk-'], 'sk-(?:proj|svcacct|admin)-[A-Za-z0-9_-]{32,200}|sk-(?:or-v1-)?[A-Za-z0-9]{32,64}'),
  tokenPattern('google_api_key', ['AIza'], 'AIza[A-Za-z0-9_-]{35}'),
  tokenPattern('google_oauth', ['ya29.', 'GOCSPX-'], String.raw`ya29\.[A-Za-z0-9_-]{30,250}|GOCSPX-[A-Za-z0-9_-]{28}`),
  tokenPattern(
    'stripe',
    ['_live_', '_test_', 'whsec_'],
    '[sr]k_(?:live|test)_[A-Za-z0-9]{16,128}|whsec_[A-Za-z0-9]{32,64}',
  ),
  tokenPattern('slack', ['xox', 'xapp-'], '(?:xox[abeoprs]|xapp)-[A-Za-z0-9-]{20,200}'),
  {
    kind: 'slack_webhook',
    run: 'token',
    literals: ['hooks.slack.com/'],
    pattern:
      /hooks\.slack\.com\/(?:services|workflows|triggers)\/[A-Za-z0-9]{8,16}\/[A-Za-z0-9]{8,20}\/[A-Za-z0-9/]{16,64}/g,
    accept: (value) => (isFiller(value) ? null : { length: value.length, score: 1 }),
  },
  {
    kind: 'discord_webhook',
    run: 'token',
    literals: ['/api/webhooks/'],
    pattern: /discord(?:app)?\.com\/api\/webhooks\/[0-9]{17,20}\/[A-Za-z0-9_-]{60,90}/g,
  },
  {
    kind: 'discord',
    run: 'token',
    hint: /\.[A-Za-z0-9_-]{27}/,
    pattern: new RegExp(
      String.raw`${TOKEN_START}[MNO][A-Za-z0-9_-]{23,25}\.[A-Za-z0-9_-]{6}\.[A-Za-z0-9_-]{27,38}${TOKEN_END}`,
      'g',
    ),
  },
  tokenPattern('telegram', [':AA'], '[0-9]{8,10}:AA[A-Za-z0-9_-]{33}'),
  tokenPattern('sendgrid', ['SG.'], String.raw`SG\.[A-Za-z0-9_-]{16,32}\.[A-Za-z0-9_-]{32,64}`),
  tokenPattern('twilio', ['SK'], 'SK[0-9a-f]{32}'),
  tokenPattern('mailgun', ['key-'], 'key-[0-9a-f]{32}'),
  tokenPattern('jwt', ['eyJ'], WEB_TOKEN),
  {
    kind: 'azure',
    run: 'token',
    literals: ['AccountKey=', 'SharedAccessKey=', 'sig='],
    pattern: /(?:AccountKey|SharedAccessKey)=[A-Za-z0-9+/]{40,90}={0,2}|(?<=[?&])sig=[A-Za-z0-9%+/]{40,70}(?:%3D|=)/g,
    accept: (value) => (isFiller(value) ? null : { length: value.length, score: 1 }),
  },
  {
    kind: 'aws_secret_key',
    run: 'body',
    hint: /secret_?access_?key/i,
    pattern: new RegExp(
      String.raw`(?<=secret_?access_?key["']?[\]]?\s{0,3}(?:=>|:=|=|:)\s{0,3}["']?)[A-Za-z0-9+/]{40}(?![A-Za-z0-9+/=_-])`,
      'gi',
    ),
    accept: (value) => (isFiller(value) ? null : { length: value.length, score: 1 }),
  },
  {
    kind: 'bearer',
    run: 'body',
    literals: ['earer ', 'EARER '],
    pattern: new RegExp(String.raw`(?<=\bbearer )[A-Za-z0-9._~+/-]{20,400}={0,2}${TOKEN_END}`, 'gi'),
    accept: (value) =>
      /[0-9]/.test(value) && /[A-Za-z]/.test(value) && !isFiller(value) ? { length: value.length, score: 1 } : null,
  },
  {
    kind: 'url_password',
    literals: ['://'],
    hint: { test: (text) => text.includes('@') },
    pattern: new RegExp(
      String.raw`${TOKEN_START}[A-Za-z][A-Za-z0-9+.]{1,20}:\/\/[^\s:@/?#"'<>,]{0,100}:[^\s@/"'<>,]{3,200}@[A-Za-z0-9_[-]`,
      'g',
    ),
    accept: acceptUrlPassword,
  },
]

const URL_FILLER =
  /^(?:pass(?:word|wd|phrase)?|pwd|secret|token|pw|xxx+|\*+|changeme|your.{0,40}|my.?pass.{0,10}|\[.*|\$.*|%[A-Z(].*|\{.*|:.*)$/i

/** The finding covers user, password and the sign that ends them, not the host. */
function acceptUrlPassword(value: string): { readonly length: number; readonly score: number } | null {
  const at = value.lastIndexOf('@')
  const password = value.slice(value.indexOf(':', value.indexOf('://') + 3) + 1, at)
  return URL_FILLER.test(password) ? null : { length: at, score: 1 }
}
