import { readFileSync } from "node:fs";
import { join } from "node:path";
import { driverCases } from "@douze/engine/exam";
import { expect, test } from "vitest";
import { otherwise } from "./support/otherwise.ts";

test.each(Object.entries(otherwise))(
  "that a cluster is not asked whether %s is written in the documentation, with its reason",
  (name, why) => {
    expect(driverCases.map((each) => each.name)).toContain(name);
    const text = readFileSync(join(import.meta.dirname, "../../../docs/kubernetes.md"), "utf8");
    expect(text).toContain(`| ${name} | ${why} |`);
  },
);
