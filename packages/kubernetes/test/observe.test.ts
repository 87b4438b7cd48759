import { endOfTime, type Instant, type ObservedProcess, type ProcessType, type ReleaseVersion } from "@douze/core";
import type { IPod } from "kubernetes-models/v1/Pod";
import { expect, test } from "vitest";
import { type Look, observe } from "../src/plan/observe.ts";
import { carried, noState, type TargetState, withAsked, withDraining, withoutRelease } from "../src/plan/state.ts";

const now = Date.UTC(2026, 0, 1, 12) as Instant;
const ago = (seconds: number): string => new Date(now - seconds * 1000).toISOString();
const version = (number: number): ReleaseVersion => number as ReleaseVersion;
const web = "web" as ProcessType;
const asked = { count: 2, freshSince: 0 as Instant, freshSlots: {} };

interface PodIn {
  readonly name?: string;
  readonly release?: number;
  readonly ageSeconds?: number;
  readonly status?: object;
  readonly container?: object;
  readonly meta?: object;
  readonly labels?: object;
}

function pod({ name = "shop-web-a", release = 1, ageSeconds = 100, status = {}, container, meta = {}, labels = {} }: PodIn): IPod {
  const made = {
    apiVersion: "v1" as const,
    kind: "Pod" as const,
    metadata: {
      name,
      creationTimestamp: ago(ageSeconds),
      labels: { "app.kubernetes.io/instance": "shop-web", ...labels },
      annotations: { "douze.dev/process": "web", "douze.dev/release": `v${release}` },
      ...meta,
    },
    status: {
      phase: "Running",
      ...(container && { containerStatuses: [{ name: "app", image: "i", imageID: "", ready: false, restartCount: 0, ...container }] }),
      ...status,
    },
  };
  return made as IPod;
}

const ready = (sinceSeconds: number): PodIn => ({
  status: { conditions: [{ type: "Ready", status: "True", lastTransitionTime: ago(sinceSeconds) }] },
  container: { ready: true, state: { running: { startedAt: ago(sinceSeconds + 5) } } },
});
const deployment = (minReadySeconds: number) => ({
  apiVersion: "apps/v1" as const,
  kind: "Deployment" as const,
  metadata: { name: "shop-web" },
  spec: { minReadySeconds, selector: {}, template: {} },
});
const look = (pods: readonly PodIn[], state: TargetState = noState): Look =>
  observe({ pods: pods.map(pod), deployments: [deployment(10)], jobs: [] }, state, now);
const only = (from: PodIn): ObservedProcess | undefined => look([from]).observed.releases[0]?.processes[0];

test("a pod is ready when it has been so for as long as its Deployment wants", () => {
  expect(only(ready(11))).toMatchObject({ phase: "ready", slot: { process: "web", index: 1, release: 1 }, pod: "shop-web-a" });
  expect(only(ready(9))).toMatchObject({ phase: "starting" });
  expect(look([ready(9)]).nextAt).toBe(now + 1000);
});

test("the oldest is the first, and those that end come last", () => {
  const pods = [
    { ...ready(20), name: "b", ageSeconds: 30 },
    {
      ...ready(20),
      name: "c",
      ageSeconds: 90,
      meta: {
        name: "c",
        creationTimestamp: ago(90),
        deletionTimestamp: ago(-20),
        annotations: { "douze.dev/process": "web", "douze.dev/release": "v1" },
        labels: {},
      },
    },
    { ...ready(20), name: "a", ageSeconds: 60 },
  ];
  const found = look(pods).observed.releases[0]?.processes ?? [];
  expect(found.map(({ pod: name, slot, phase }) => [name, slot.index, phase])).toEqual([
    ["a", 1, "ready"],
    ["b", 2, "ready"],
    ["c", 3, "stopping"],
  ]);
});

test.each([
  [
    { restartCount: 1, state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 3, finishedAt: ago(5) } } },
    { by: "exit", code: 3 },
    "exited",
  ],
  [
    { restartCount: 1, state: { running: { startedAt: ago(1) } }, lastState: { terminated: { exitCode: 137, finishedAt: ago(5) } } },
    { by: "signal", signal: "SIGKILL" },
    "starting",
  ],
  [
    {
      restartCount: 1,
      state: { waiting: { reason: "CrashLoopBackOff" } },
      lastState: { terminated: { exitCode: 78, finishedAt: ago(5) } },
    },
    { by: "exit", code: 78 },
    "exited",
  ],
])("an end is told: %j", (container, outcome, phase) => {
  expect(only({ container })).toMatchObject({ phase, restarts: 1, last: { outcome } });
});

test("one whose configuration is wrong is not started again by itself", () => {
  const container = { state: { waiting: { reason: "CrashLoopBackOff" } }, lastState: { terminated: { exitCode: 78 } } };
  expect(only({ container })).toMatchObject({ phase: "exited", restartAt: endOfTime });
});

test("what ends for want of memory says so", () => {
  const container = { state: { waiting: {} }, lastState: { terminated: { exitCode: 137, reason: "OOMKilled" } } };
  expect(only({ container })?.last).toMatchObject({ stopped: "memory", why: "it was over its memory limit" });
});

const kill = (probe: string, lastSeconds: number, name = "shop-web-a") => ({
  apiVersion: "v1" as const,
  kind: "Event" as const,
  metadata: {},
  involvedObject: { kind: "Pod", name },
  reason: "Killing",
  message: `Container app failed ${probe} probe, will be restarted`,
  firstTimestamp: ago(200),
  lastTimestamp: ago(lastSeconds),
});
const stopped = (events: readonly ReturnType<typeof kill>[], code = 0): ObservedProcess["last"] => {
  const container = { state: { waiting: {} }, lastState: { terminated: { exitCode: code, startedAt: ago(60), finishedAt: ago(30) } } };
  const picture = { pods: [pod({ container })], deployments: [deployment(10)], jobs: [], events };
  return observe(picture, noState, now).observed.releases[0]?.processes[0]?.last;
};

test("what the kubelet stopped is told with its reason, and never for another's", () => {
  expect(stopped([kill("startup", 40)])).toMatchObject({ stopped: "boot-timeout", wasReady: false, outcome: { by: "exit", code: 0 } });
  expect(stopped([kill("liveness", 40)], 137)).toMatchObject({ stopped: "liveness", wasReady: true });
  expect(stopped([kill("startup", 90)])?.stopped).toBeUndefined();
  expect(stopped([kill("startup", 40, "shop-web-b")])?.stopped).toBeUndefined();
  expect(stopped([{ ...kill("startup", 40), message: "Stopping container app" }])?.stopped).toBeUndefined();
});

test.each([
  ["ImagePullBackOff", 89, 90, "its image cannot be pulled: no such manifest"],
  ["CreateContainerConfigError", 19, 20, "it cannot be made (CreateContainerConfigError): no such manifest"],
])("%s is waited out, and then told", (reason, before, after, why) => {
  const from = (ageSeconds: number): PodIn => ({
    ageSeconds,
    status: { phase: "Pending" },
    container: { state: { waiting: { reason, message: "no such manifest" } } },
  });
  expect(only(from(before))?.last).toBeUndefined();
  expect(look([from(before)]).nextAt).toBe(now + 1000);
  expect(only(from(after))?.last).toMatchObject({ outcome: { by: "unknown" }, why });
});

test("a pod for which no machine has room is told after two minutes", () => {
  const conditions = [{ type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes" }];
  expect(only({ ageSeconds: 119, status: { phase: "Pending", conditions } })?.last).toBeUndefined();
  expect(only({ ageSeconds: 120, status: { phase: "Pending", conditions } })?.last?.why).toContain("0/3 nodes");
});

test("a Deployment that may make no pods tells for them", () => {
  const refused = {
    ...deployment(0),
    metadata: { name: "shop-web", annotations: { "douze.dev/process": "web", "douze.dev/release": "v2" } },
    status: { conditions: [{ type: "ReplicaFailure", status: "True", message: "exceeded quota" }] },
  };
  const state = withAsked(noState, version(2), web, asked);
  const [release] = observe({ pods: [], deployments: [refused], jobs: [] }, state, now).observed.releases;
  expect(release?.processes[0]?.last?.why).toContain("exceeded quota");
});

test("a run is what its Job says", () => {
  const job = (status: object) => ({
    apiVersion: "batch/v1" as const,
    kind: "Job" as const,
    metadata: {
      name: "shop-release-v1-x",
      creationTimestamp: ago(50),
      annotations: { "douze.dev/run": "release.1", "douze.dev/release": "v1" },
    },
    status: { startTime: ago(50), ...status },
  });
  const run = (status: object, pods: readonly PodIn[] = []) =>
    observe({ pods: pods.map(pod), deployments: [], jobs: [job(status)] }, noState, now).observed.runs[0];
  const labels = { "batch.kubernetes.io/job-name": "shop-release-v1-x" };
  const done = (type: string, reason = "") => ({ conditions: [{ type, status: "True", reason, lastTransitionTime: ago(1) }] });
  expect(run({})).toMatchObject({ phase: "running", name: "release.1" });
  expect(run(done("Complete"))).toMatchObject({ phase: "exited", outcome: { by: "exit", code: 0 }, timedOut: false });
  expect(run(done("Failed"), [{ labels, container: { state: { terminated: { exitCode: 2 } } } }])).toMatchObject({
    outcome: { by: "exit", code: 2 },
  });
  expect(run(done("Failed", "DeadlineExceeded"))).toMatchObject({ timedOut: true });
  const stuck = { labels, ageSeconds: 90, status: { phase: "Pending" }, container: { state: { waiting: { reason: "ErrImagePull" } } } };
  expect(run({}, [stuck])).toMatchObject({ phase: "exited", why: "its image cannot be pulled" });
  // Its pod is nobody's process.
  expect(observe({ pods: [pod(stuck)], deployments: [], jobs: [job({})] }, noState, now).observed.releases).toEqual([]);
});

test("the cluster carries the trial while there is one, and else what serves", () => {
  const serving: TargetState = { ...withAsked(noState, version(1), web, asked), routed: version(1) };
  expect(carried(noState)).toBeUndefined();
  expect(carried(serving)).toBe(1);
  const trial = withAsked(serving, version(2), web, asked);
  expect(carried(trial)).toBe(2);
  expect(carried(withDraining(trial, version(2)))).toBe(1);
  expect(carried({ ...trial, routed: version(2) })).toBe(2);
  expect(carried(withoutRelease({ ...trial, routed: version(2) }, version(1)))).toBe(2);
  expect(withAsked(withDraining(trial, version(2)), version(2), web, asked).draining).toEqual([]);
});
