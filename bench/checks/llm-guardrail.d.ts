/** Types of the part of llm_guardrail that is used; the package ships none. */
declare module 'llm_guardrail' {
  interface HeadResult {
    readonly detected: boolean
    readonly probabilities: { readonly safe: number; readonly threat: number }
  }
  export function checkInjection(text: string): Promise<HeadResult>
  export function checkJailbreak(text: string): Promise<HeadResult>
  export function checkMalicious(text: string): Promise<HeadResult>
  export function checkAll(text: string): Promise<{
    readonly injection: HeadResult
    readonly jailbreak: HeadResult
    readonly malicious: HeadResult
    readonly maxThreatConfidence: number
  }>
}
