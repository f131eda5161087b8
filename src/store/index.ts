/** What outlives a request. */
export { VAULT_KEY_VARIABLE, createKeyedHash, createVault } from './vault.ts'
export type { Vault, VaultOptions } from './vault.ts'
