/** The built page, served from memory. */
export interface ConsoleFiles {
  /** Null when there is no such file. */
  find(path: string): { readonly body: Uint8Array; readonly headers: Readonly<Record<string, string>> } | null
}
