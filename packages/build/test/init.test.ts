import { manifestFromFiles } from "@douze/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { manifestText } from "../src/init.ts";

const hard = [
  "no framework, no manifest",
  "a: b",
  "c #1",
  "{ d }",
  "[e",
  "1e3",
  "0x1f",
  "2026-01-01",
  "true",
  "y",
  "~",
  "-",
  "*f",
  "&g",
  "!h",
  "",
  " i ",
];
const text = fc.oneof(fc.constantFrom(...hard), fc.string({ unit: "grapheme" }));

test("whatever a value, a description or a command says, the manifest says the same", () => {
  fc.assert(
    fc.property(text, text, fc.constantFrom(...hard.slice(0, 4)), (value, description, command) => {
      const files = {
        Procfile: `web: run ${command}\n`,
        "app.json": JSON.stringify({ env: { GREETING: { value, description } } }),
      };
      const written = manifestText({ names: new Set(Object.keys(files)), texts: files }, "app");
      const [told, meant] = [manifestFromFiles({ "douze.yaml": written }, "app"), manifestFromFiles(files, "app")];
      expect(told?.config["GREETING"]).toMatchObject({ default: value, description });
      expect(Object.values(told?.processes ?? {}).map(({ command: says }) => says)).toEqual(
        Object.values(meant?.processes ?? {}).map(({ command: says }) => says),
      );
    }),
  );
});
