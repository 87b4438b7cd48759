import { describe, expect, test } from "vitest";
import { findProgram, findTools } from "../../src/sandbox/tools.ts";
import type { Mutation, Temptation } from "../mutations/mutation.ts";
import { AppCopy, type Language } from "./app-copy.ts";
import { examineApp, saysOf } from "./examine-app.ts";

/** Runs all checks on each broken app, and not only the one that must accuse it: several hours. */
const isCrossed = process.env["LAB_CROSS"] === "1";

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
  describe.skipIf(missing.length > 0)(`a ${language} app`, () => {
    test("nothing of it is accused, and nothing is left untold", async () => {
      using app = new AppCopy(language);
      const examination = await examineApp(app.folder);
      expect(saysOf({ results: examination.results.filter(({ ruling }) => !["pass", "inapplicable"].includes(ruling.verdict)) })).toEqual(
        [],
      );
    });

    describe("is accused of what it breaks", () => {
      test.for(mutations)("$check: $says", async ({ check, edits, also = [] }) => {
        using app = new AppCopy(language, edits);
        const examination = await examineApp(app.folder, isCrossed ? [] : [check]);
        const accused = examination.results.filter(({ ruling }) => ruling.verdict === "fail").map(({ code }) => code);
        expect(accused, saysOf(examination).join("\n")).toContain(check);
        expect(accused.filter((code) => code !== check && !also.includes(code))).toEqual([]);
      });
    });

    describe("is not accused of what only looks so", () => {
      test.for(tempting)("$check: $says", async ({ check, edits }) => {
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
