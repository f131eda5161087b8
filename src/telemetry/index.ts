/** `parapet/telemetry`: decisions as OpenTelemetry traces. */
export { traceDecisions } from './trace-decisions.ts'
export type { TraceOptions } from './trace-decisions.ts'
export type { OpenTelemetryApi } from './api.ts'
export { startTelemetry } from './start-telemetry.ts'
export type { Environment, Telemetry } from './start-telemetry.ts'
export { CONVENTIONS, NAMES } from './names.ts'
export type { Convention } from './names.ts'
export type { PackageLoader } from './load-package.ts'
