import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { binaries, clusterMissing, TestCluster } from "./support/cluster.ts";
import { examples } from "./support/examples.ts";
import { schemaFiles, writeSchemas } from "./support/schemas.ts";

const program = join(binaries, "kubeconform");
const missing = clusterMissing() ?? (existsSync(program) ? undefined : "not built: kubeconform (node tools/cluster/build.mjs)");
if (missing !== undefined) console.log(`skipped: ${missing}`);

const folder = await mkdtemp(join(tmpdir(), "douze-schemas-"));

beforeAll(async () => {
  if (missing !== undefined) return;
  await using testCluster = await TestCluster.start(false);
  await testCluster.define();
  using cluster = testCluster.connect();
  // What others have defined is described a little later than it is known.
  await vi.waitFor(
    async () => {
      await writeSchemas(cluster, folder, AbortSignal.timeout(60_000));
      expect(defined.filter((file) => !existsSync(join(folder, file)))).toEqual([]);
    },
    { timeout: 60_000, interval: 500 },
  );
});

afterAll(async () => await rm(folder, { recursive: true, force: true }));

const defined = [
  "external-secrets.io_v1_externalsecret.json",
  "gateway.networking.k8s.io_v1_httproute.json",
  "keda.sh_v1alpha1_scaledobject.json",
  "monitoring.coreos.com_v1_podmonitor.json",
  "security.istio.io_v1_peerauthentication.json",
];

/** What is said of each object, and whether all are right. */
function judged(text: string): { readonly valid: boolean; readonly told: readonly { readonly status: string; readonly msg: string }[] } {
  const words = ["-strict", "-verbose", "-output", "json", "-schema-location", join(folder, schemaFiles), "-"];
  const read = (output: string) =>
    (JSON.parse(output) as { readonly resources: { readonly status: string; readonly msg: string }[] }).resources;
  try {
    return { valid: true, told: read(execFileSync(program, words, { input: text, encoding: "utf8" })) };
  } catch (error) {
    return { valid: false, told: read((error as { readonly stdout: string }).stdout) };
  }
}

const golden = (name: string): string => readFileSync(join(import.meta.dirname, "golden", `${name}.yaml`), "utf8");

test.skipIf(missing !== undefined).each(Object.keys(examples))("kubeconform finds nothing in %s, and leaves nothing out", (name) => {
  const text = golden(name);
  const { told } = judged(text);
  expect(told.filter(({ status }) => status !== "statusValid")).toEqual([]);
  expect(told).toHaveLength(text.split(/^---$/m).length);
});

test.skipIf(missing !== undefined).each([
  ["neighbours", /^( +)revisionHistoryLimit:/m, "$1revisionHistoryLimt:"],
  ["neighbours", /^( +)secretStoreRef:/m, "$1secretStoreRf:"],
  ["neighbours", /^( +)podMetricsEndpoints:/m, "$1podMetricsEndpoint:"],
  ["hola", /^( +)parentRefs:/m, "$1parentRef:"],
  ["scaled", /^( +)scaleTargetRef:/m, "$1scaleTarget:"],
  ["hola", /containerPort: 8080/, "containerPort: http"],
])("kubeconform would find something: %s, %s", (name, right, wrong) => {
  const text = golden(name);
  const worse = text.replace(right, wrong);
  expect(worse).not.toBe(text);
  expect(judged(worse)).toMatchObject({
    valid: false,
    told: expect.arrayContaining([expect.objectContaining({ status: "statusInvalid" })]) as unknown,
  });
});
