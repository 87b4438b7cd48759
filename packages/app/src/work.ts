export { forgetIdempotency, idempotent, migrateIdempotency } from "./jobs/idempotent.ts";
export {
  type AddOptions,
  type DeadLetter,
  type JobContext,
  type JobDeclaration,
  type JobDeclarations,
  job,
  type PayloadOf,
} from "./jobs/job.ts";
export { type Work, type WorkerOptions, type WorkOptions, work } from "./jobs/work.ts";
