import { expect, test } from "vitest";
import { Chance } from "../src/chance.ts";
import { checks, codeOf } from "../src/index.ts";
import { findTools } from "../src/sandbox/tools.ts";
import type { Mutation } from "./mutations/mutation.ts";
import { mutations } from "./mutations/node.ts";
import { AppCopy } from "./support/app-copy.ts";
import { examineApp, saysOf } from "./support/examine-app.ts";

const tools = findTools();
const missing = "unshare" in tools ? [] : tools;
if (missing.length > 0) console.log(`the order of checks is not tried: there is no ${missing.join(" and no ")} here`);

const broken = ["III.canary-leak", "VI.session-portable", "IX.sigterm-exit"];
// Each kind of instrument: the build, the trace, services, faults, signals, the disk, and what is written and read again.
const others = [
  "II.lock-exact",
  "II.system-tools",
  "IV.survives-detach",
  "V.readonly-code",
  "VI.data-visible-everywhere",
  "VII.honours-port",
];

test.skipIf(missing.length > 0)("the order of checks changes no verdict", async () => {
  const edits = broken.flatMap((code) => (mutations.find(({ check }) => check === code) as Mutation).edits);
  using app = new AppCopy("node", edits);
  const inOrder = checks.filter((check) => [...broken, ...others].includes(codeOf(check)));
  const chance = new Chance("order");
  const shuffled = inOrder
    .map((check) => ({ check, at: chance.whole(0, 1_000_000) }))
    .toSorted((a, b) => a.at - b.at)
    .map(({ check }) => check);
  const verdicts: Readonly<Record<string, string>>[] = [];
  for (const each of [inOrder, shuffled, shuffled.toReversed()]) {
    const examination = await examineApp(app.folder, [], { checks: each });
    expect(examination.results.map(({ code }) => code)).toEqual(each.map(codeOf));
    const told = Object.fromEntries(examination.results.map(({ code, ruling }) => [code, ruling.verdict]));
    expect(
      Object.keys(told).filter((code) => told[code] === "fail"),
      saysOf(examination).join("\n"),
    ).toHaveLength(broken.length);
    verdicts.push(told);
  }
  const [first, ...rest] = verdicts;
  expect(Object.fromEntries(broken.map((code) => [code, first?.[code]]))).toEqual(Object.fromEntries(broken.map((code) => [code, "fail"])));
  for (const other of rest) expect(other).toEqual(first);
});
