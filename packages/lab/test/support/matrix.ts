import { describe, expect, test } from "vitest";
import { findProgram, findTools } from "../../src/sandbox/tools.ts";
import type { Mutation, Temptation } from "../mutations/mutation.ts";
import { AppCopy, type Language } from "./app-copy.ts";
import { examineApp, saysOf } from "./examine-app.ts";

/** Runs all checks on each broken app, and not only the one that must accuse it: several hours. */
const isCrossed = process.env["LAB_CROSS"] === "1";

/** `2/4`: every fourth of what is broken or tempting, from the second on. The good apps are always tried. */
const [part = 1, parts = 1] = (process.env["LAB_PART"] ?? "1/1").split("/").map(Number);
const isInPart = (_: unknown, index: number): boolean => index % parts === part - 1;

/**
 * What keeps the lab honest in one language: a good app that no check accuses; the same app broken, once for each check that must accuse
 * it; and changed so that a naive check would accuse it, and a right one does not.
 *
 * @param programs - that the language needs; without them nothing of it is tried, and that is printed
 */
export function describeMatrix(
  language: Language,
  programs: readonly string[],
  { mutations, tempting }: { readonly mutations: readonly Mutation[]; readonly tempting: readonly Temptation[] },
): void {
  const missing = programs.filter((name) => !findProgram(name, process.env["PATH"] ?? ""));
  const tools = findTools();
  if (!("unshare" in tools)) missing.push(...tools);
  if (missing.length > 0) console.log(`${language}: skipped, for there is no ${missing.join(" and no ")} here`);
  if (parts > 1) console.log(`${language}: part ${part} of ${parts} of what is broken or tempting; all of it without LAB_PART`);
  describe.skipIf(missing.length > 0)(`a ${language} app`, () => {
    test("nothing of it is accused, and nothing is left untold", async () => {
      using app = new AppCopy(language);
      const examination = await examineApp(app.folder);
      expect(saysOf({ results: examination.results.filter(({ ruling }) => !["pass", "inapplicable"].includes(ruling.verdict)) })).toEqual(
        [],
      );
    });

    describe("is accused of what it breaks", () => {
      test.for(mutations.filter(isInPart))("$check: $says", async ({ check, edits, also = [], builds = true }) => {
        using app = new AppCopy(language, edits);
        const examination = await examineApp(app.folder, isCrossed && builds ? [] : [check]);
        const accused = examination.results.filter(({ ruling }) => ruling.verdict === "fail").map(({ code }) => code);
        expect(accused, saysOf(examination).join("\n")).toContain(check);
        expect(accused.filter((code) => code !== check && !also.includes(code))).toEqual([]);
      });
    });

    describe("is not accused of what only looks so", () => {
      test.for(tempting.filter(isInPart))("$check: $says", async ({ check, edits }) => {
        using app = new AppCopy(language, edits);
        const { results } = await examineApp(app.folder, [check]);
        // What cannot tell a temptation from a fault would be told by silence as well: it must come to a pass.
        expect(
          results.map(({ ruling }) => ruling.verdict),
          saysOf({ results }).join("\n"),
        ).toEqual(["pass"]);
      });
    });
  });
}
