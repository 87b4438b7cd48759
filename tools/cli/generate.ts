import { readFile, writeFile } from "node:fs/promises";
import { wholeProgram } from "../../packages/cli/src/whole-program.ts";
import { referenceText } from "./reference.ts";

const page = new URL("../../docs/reference/cli.md", import.meta.url);
const text = referenceText(await wholeProgram());
const present = await readFile(page, "utf8").catch(() => "");
if (present !== text) {
  if (process.argv.includes("--check")) {
    console.error("docs/reference/cli.md is not what the commands say: run `npm run generate -w tools/cli`");
    process.exitCode = 1;
  } else {
    await writeFile(page, text);
    console.log("docs/reference/cli.md");
  }
}
