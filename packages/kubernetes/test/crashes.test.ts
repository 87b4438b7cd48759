import { Mask } from "@douze/engine";
import type { IEvent } from "kubernetes-models/v1/Event";
import type { IPod } from "kubernetes-models/v1/Pod";
import { expect, test } from "vitest";
import { crashesOf } from "../src/driver/crashes.ts";

const at = (second: number): string => new Date(Date.UTC(2026, 0, 1, 12, 0, second)).toISOString();
const mask = new Mask(["opensesame"]);

function ended(
  name: string,
  code: number,
  more: { readonly deleted?: boolean; readonly process?: string; readonly job?: string } = {},
): IPod {
  const { deleted = false, process = "web", job } = more;
  const terminated = { exitCode: code, startedAt: at(0), finishedAt: at(20), message: "last words\nwith opensesame" };
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: {
      name,
      creationTimestamp: at(0),
      annotations: { "douze.dev/process": process, "douze.dev/release": "v3" },
      ...(deleted && { deletionTimestamp: at(30) }),
      ...(job !== undefined && { labels: { "batch.kubernetes.io/job-name": job } }),
    },
    spec: {
      containers: [{ name: "app", command: ["/bin/sh", "-c", "node web.js"], startupProbe: { periodSeconds: 1, failureThreshold: 20 } }],
    },
    status: { containerStatuses: [{ name: "app", image: "i", imageID: "", ready: false, restartCount: 2, state: { terminated } }] },
  };
}

const tell = async (pods: readonly IPod[], gone: readonly IPod[] = [], events: readonly IEvent[] = [], process?: string) =>
  await crashesOf({ pods, gone, events, deployments: [], jobs: [] }, process, async () => mask);
const endings = async (...given: Parameters<typeof tell>): Promise<readonly string[]> =>
  (await tell(...given)).map(({ process, ending }) => `${process} ${ending}`);

test("an end is told in the words of one machine, with its last lines and what is secret in them hidden", async () => {
  const [crash] = await tell([ended("a", 3)]);
  expect(crash).toMatchObject({ process: "web.1", release: 3, ending: "exited with status 3", command: "node web.js", restarts: 2 });
  expect(crash?.lines.map(({ text }) => text)).toEqual(["last words", "with ••••"]);
  expect(await endings([ended("a", 0)])).toEqual(["web.1 exited with status 0, but it should stay up"]);
  expect(await endings([ended("a", 78)])).toEqual(["web.1 exited with status 78: its configuration is wrong"]);
  expect(await endings([ended("a", 139)])).toEqual(["web.1 killed by SIGSEGV"]);
});

test("of one that was asked to end, only what was not as it should be", async () => {
  const deleted = true;
  expect(await endings([], [ended("a", 0, { deleted }), ended("b", 143, { deleted })])).toEqual([]);
  expect(await endings([], [ended("a", 137, { deleted })])).toEqual(["web.1 killed at the end of its grace: it ignored SIGTERM"]);
  expect(await endings([], [ended("a", 1, { deleted })])).toEqual(["web.1 exited with status 1 after SIGTERM"]);
});

test("one that was not ready in time is told so, whatever it exited with", async () => {
  const event: IEvent = {
    apiVersion: "v1",
    kind: "Event",
    metadata: {},
    involvedObject: { name: "a" },
    reason: "Killing",
    message: "Container app failed startup probe, will be restarted",
    firstTimestamp: at(19),
    lastTimestamp: at(19),
  };
  expect(await endings([ended("a", 0)], [], [event])).toEqual(["web.1 stopped: it was not ready within 20 s"]);
});

test("runs are told of by their own names, and those that end well are not", async () => {
  const task = { process: "release.3", job: "shop-release-v3-1" };
  const tick = { process: "cron.tidy", job: "shop-cron-tidy-29384710" };
  expect(await endings([ended("a", 1, task), ended("b", 2, tick), ended("c", 0, { process: "run.7", job: "shop-run-7" })])).toEqual([
    "release.3 exited with status 1",
    "cron.tidy.29384710 exited with status 2",
  ]);
  expect(await endings([ended("a", 1, task), ended("b", 2, tick)], [], [], "release")).toEqual(["release.3 exited with status 1"]);
});
