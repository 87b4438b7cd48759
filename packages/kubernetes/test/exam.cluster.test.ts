import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { driverCases } from "@douze/engine/exam";
import { afterAll, beforeAll, expect, test } from "vitest";
import { buildInImage, makeImage, push } from "../../build/src/image/index.ts";
import { hasRegistry, Registry } from "../../build/test/support/registry.ts";
import { clusterMissing, TestCluster } from "./support/cluster.ts";
import { ClusterBench, type FixtureImage, fixtureBuild } from "./support/cluster-bench.ts";
import { nodeMissing, RealNode } from "./support/node.ts";
import { otherwise } from "./support/otherwise.ts";

const missing = clusterMissing() ?? nodeMissing() ?? (hasRegistry ? undefined : "there is no registry");
if (missing !== undefined) console.log(`skipped: ${missing}`);
for (const [name, why] of Object.entries(otherwise)) console.log(`not asked of a cluster: ${name}: ${why}`);

const stack = new AsyncDisposableStack();
let cluster: TestCluster;
let image: FixtureImage;
/** Why no node came up, where none did. */
let unusable: string | undefined;

beforeAll(async () => {
  if (missing !== undefined) return;
  cluster = stack.use(await TestCluster.start(false));
  await cluster.define();
  try {
    stack.use(await RealNode.start(cluster));
  } catch (error) {
    unusable = `no real node comes up here: ${(error as Error).message}`;
    console.log(`skipped: ${unusable}`);
    return;
  }
  const registry = stack.use(await Registry.start());
  const store = await mkdtemp(join(tmpdir(), "douze-exam-"));
  stack.defer(() => rm(store, { recursive: true, force: true }));
  const build = fixtureBuild();
  const tree = join(import.meta.dirname, "../../local/test/fixtures/app");
  const how = { store, onProgress: () => undefined, signal: new AbortController().signal };
  const made = await makeImage({ app: build.manifest.app, build, tree, ...how });
  image = {
    reference: (await push({ image: made, repository: `${registry.host}/shop`, ...how })).reference,
    build: buildInImage(build, made),
  };
});

afterAll(async () => await stack.disposeAsync());

test.skipIf(missing !== undefined).for(driverCases.map((each, index) => ({ ...each, index })))(
  "exam: $name",
  async ({ name, run, index }, { skip }) => {
    skip(unusable !== undefined, unusable);
    skip(Object.hasOwn(otherwise, name), otherwise[name]);
    await using bench = await ClusterBench.open(cluster, `exam-${index + 1}`, image);
    await run(bench, AbortSignal.timeout(150_000));
    // What the server remarks on is a flaw of what was applied.
    expect(cluster.warnings).toEqual([]);
  },
);
