import { type Observed, processName, type ReleaseOutcome, type ReleaseVersion, type RunName, versionName } from "@douze/core";
import type { Running } from "./home.ts";
import type { OnProgress, ProgressEvent } from "./operations.ts";
import { outcomeText } from "./views.ts";

/** Tells what happens to a release until requests go to it or it was given up. */
export async function followRelease(
  { loop, driver }: Running,
  version: ReleaseVersion,
  onProgress: OnProgress,
  outcome: () => ReleaseOutcome | undefined,
): Promise<void> {
  const done = new AbortController();
  const task = echoTask(driver.logs({ processes: [taskName(version)], follow: true, last: 0 }, done.signal), onProgress);
  let before: Observed | undefined;
  try {
    await loop.until((observed) => {
      for (const event of progressOf(before, observed, version)) onProgress(event);
      before = observed;
      const became = outcome();
      if (became?.kind === "failed") return true;
      return became && observed.routed === version ? true : undefined;
    });
  } finally {
    done.abort();
    await task;
  }
}

/** The name of a release's task among the runs. */
export function taskName(version: ReleaseVersion): RunName {
  return `release.${version}` as RunName;
}

/** What a person would want to hear of the step from one observation to the next. Pure. */
export function progressOf(before: Observed | undefined, after: Observed, version: ReleaseVersion): readonly ProgressEvent[] {
  const events: ProgressEvent[] = [];
  const phases = (observed: Observed | undefined): Map<string, string> =>
    new Map(
      (observed?.releases.find((each) => each.release === version)?.processes ?? []).map((process) => [
        processName(process.slot),
        process.last && process.phase !== "ready" ? `${outcomeText(process.last.outcome)}` : process.phase,
      ]),
    );
  const run = after.runs.find((each) => each.name === taskName(version));
  const ranBefore = before?.runs.find((each) => each.name === taskName(version));
  if (run?.phase === "running" && !ranBefore) events.push({ stage: "task", text: "release task started" });
  if (run?.phase === "exited" && ranBefore?.phase !== "exited")
    events.push({ stage: "task", text: `release task ${outcomeText(run.outcome)}` });
  const was = phases(before);
  for (const [name, phase] of phases(after)) {
    if (was.get(name) !== phase) events.push({ stage: "process", text: `${name} ${phase}` });
  }
  if (after.routed === version && before && before.routed !== version) {
    events.push({ stage: "release", text: `requests go to ${versionName(version)}`, release: version });
  }
  return events;
}

async function echoTask(lines: AsyncIterable<{ readonly text: string }>, onProgress: OnProgress): Promise<void> {
  for await (const line of lines) onProgress({ stage: "task", text: line.text });
}
