export { forgetIdempotency, idempotent, migrateIdempotency } from "./work/idempotent.ts";
export {
  type AddOptions,
  type DeadLetter,
  type JobContext,
  type JobDeclaration,
  type JobDeclarations,
  job,
  type PayloadOf,
} from "./work/job.ts";
export { type Work, type WorkerOptions, type WorkOptions, work } from "./work/work.ts";
