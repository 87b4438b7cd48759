export { type ExamineProgress, type ExamineRequest, examine } from "./examine.ts";
export { type AnyCheck, codeOf, idOf, type Profile, profiles } from "./model/check.ts";
export type { Examination } from "./model/examination.ts";
export type { CheckResult } from "./model/result.ts";
export { checks, findCheck } from "./registry.ts";
