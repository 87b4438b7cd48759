import { join } from "node:path";
import { expect, test } from "vitest";
import { accept, findingsOf, readAccepted } from "../src/index.ts";
import { findTools } from "../src/sandbox/tools.ts";
import { examineApp, saysOf } from "./support/examine-app.ts";

const root = join(import.meta.dirname, "../../..");
const tools = findTools();
const missing = "unshare" in tools ? [] : tools;
if (missing.length > 0) console.log(`the examples are not examined: there is no ${missing.join(" and no ")} here`);

// Nothing can be written to these, and nothing that they answer takes long.
const stateless = ["IX.sigterm-in-flight", "VI.data-visible-everywhere", "VI.restart-keeps-state"];

test.skipIf(missing.length > 0).for([
  { app: "examples/plain", untold: stateless },
  { app: "examples/flask", untold: [] },
  { app: "examples/hola", untold: ["VI.data-visible-everywhere", "VI.restart-keeps-state"] },
  { app: ".", start: "DOUZE_STATE=/tmp/state-$PORT exec node packages/cli/bin/douze.js serve examples/plain", untold: stateless },
])("$app breaks nothing", async ({ app, start, untold }) => {
  const directory = join(root, app);
  const examination = await examineApp(directory, [], start === undefined ? {} : { start });
  const { results } = examination;
  // On the first of all days no waiver has run out: whether one should go on is not for a test to say.
  const { findings } = accept(findingsOf(examination), { ...(await readAccepted(directory)), today: "", ran: new Set() });
  expect(findings.filter(({ standing }) => standing.kind !== "waived").map(({ code, finding }) => `${code} ${finding.what}`)).toEqual([]);
  expect(
    results
      .filter(({ ruling }) => ruling.verdict === "unknown")
      .map(({ code }) => code)
      .toSorted(),
    saysOf(examination).join("\n"),
  ).toEqual(untold);
});
