// Examines an app and prints its verdicts as JSON, or the problem that kept it from any. A program of its own, so that it can be run on a
// machine that something was taken from: `node --conditions=douze-source packages/lab/test/support/examine-here.ts <folder> <code>…`
import { Problem } from "@douze/core";
import { examineApp } from "./examine-app.ts";

const [folder = ".", ...codes] = process.argv.slice(2);
try {
  const { results } = await examineApp(folder, codes);
  console.log(JSON.stringify({ verdicts: Object.fromEntries(results.map(({ code, ruling }) => [code, ruling])) }));
} catch (error) {
  if (!(error instanceof Problem)) throw error;
  console.log(JSON.stringify({ problem: error.code }));
}
