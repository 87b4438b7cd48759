import { cloneRuns } from "./factors/01-codebase/clone-runs.ts";
import { noOutsidePaths } from "./factors/01-codebase/no-outside-paths.ts";
import { tracked } from "./factors/01-codebase/tracked.ts";
import { cleanRoom } from "./factors/02-dependencies/clean-room.ts";
import { lockExact } from "./factors/02-dependencies/lock-exact.ts";
import { runtimePinned } from "./factors/02-dependencies/runtime-pinned.ts";
import { systemTools } from "./factors/02-dependencies/system-tools.ts";
import { canaryLeak } from "./factors/03-config/canary-leak.ts";
import { requiredEnvFailsFast } from "./factors/03-config/required-env-fails-fast.ts";
import { secretInTree } from "./factors/03-config/secret-in-tree.ts";
import { handleSwap } from "./factors/04-backing-services/handle-swap.ts";
import { survivesDetach } from "./factors/04-backing-services/survives-detach.ts";
import { migrateNotInStart } from "./factors/05-build-release-run/migrate-not-in-start.ts";
import { noBuildAtRun } from "./factors/05-build-release-run/no-build-at-run.ts";
import { readonlyCode } from "./factors/05-build-release-run/readonly-code.ts";
import { stagesSeparable } from "./factors/05-build-release-run/stages-separable.ts";
import { dataVisibleEverywhere } from "./factors/06-processes/data-visible-everywhere.ts";
import { noDurableFiles } from "./factors/06-processes/no-durable-files.ts";
import { restartKeepsState } from "./factors/06-processes/restart-keeps-state.ts";
import { sessionPortable } from "./factors/06-processes/session-portable.ts";
import { allInterfaces } from "./factors/07-port-binding/all-interfaces.ts";
import { honoursPort } from "./factors/07-port-binding/honours-port.ts";
import { noFixedExtraPorts } from "./factors/07-port-binding/no-fixed-extra-ports.ts";
import { noDaemon } from "./factors/08-concurrency/no-daemon.ts";
import { noPidfile } from "./factors/08-concurrency/no-pidfile.ts";
import { scalesOut } from "./factors/08-concurrency/scales-out.ts";
import { crashRestart } from "./factors/09-disposability/crash-restart.ts";
import { signalReaches } from "./factors/09-disposability/signal-reaches.ts";
import { sigtermAsPid1 } from "./factors/09-disposability/sigterm-as-pid1.ts";
import { sigtermExit } from "./factors/09-disposability/sigterm-exit.ts";
import { sigtermInFlight } from "./factors/09-disposability/sigterm-in-flight.ts";
import { startup } from "./factors/09-disposability/startup.ts";
import { sigkillRedelivers, workerReturnsJob } from "./factors/09-disposability/worker-returns-job.ts";
import { sameEngines } from "./factors/10-dev-prod-parity/same-engines.ts";
import { errorVisible } from "./factors/11-logs/error-visible.ts";
import { noLogfile } from "./factors/11-logs/no-logfile.ts";
import { stdout } from "./factors/11-logs/stdout.ts";
import { unbuffered } from "./factors/11-logs/unbuffered.ts";
import { migrateIdempotent } from "./factors/12-admin-processes/migrate-idempotent.ts";
import { sameRelease } from "./factors/12-admin-processes/same-release.ts";
import { type AnyCheck, codeOf, idOf } from "./model/check.ts";

/** All checks there are, in the order of the factors; what documentation and `--explain` tell comes from here. */
export const checks: readonly AnyCheck[] = [
  tracked,
  cloneRuns,
  noOutsidePaths,
  lockExact,
  cleanRoom,
  runtimePinned,
  systemTools,
  secretInTree,
  canaryLeak,
  requiredEnvFailsFast,
  handleSwap,
  survivesDetach,
  stagesSeparable,
  noBuildAtRun,
  readonlyCode,
  migrateNotInStart,
  sessionPortable,
  dataVisibleEverywhere,
  restartKeepsState,
  noDurableFiles,
  honoursPort,
  allInterfaces,
  noFixedExtraPorts,
  scalesOut,
  noDaemon,
  noPidfile,
  sigtermInFlight,
  sigtermExit,
  signalReaches,
  sigtermAsPid1,
  startup,
  crashRestart,
  workerReturnsJob,
  sigkillRedelivers,
  sameEngines,
  stdout,
  unbuffered,
  noLogfile,
  errorVisible,
  sameRelease,
  migrateIdempotent,
];

/** The check of a name: `disposability/sigterm-exit`, `IX.sigterm-exit`, or `sigterm-exit` where no other has that. */
export function findCheck(name: string): AnyCheck | undefined {
  const lower = name.toLowerCase();
  return checks.find((each) => idOf(each) === lower || codeOf(each).toLowerCase() === lower) ?? checks.find((each) => each.name === lower);
}
