// Writes what documentation has of the lab's own definitions: `node --conditions=douze-source packages/lab/scripts/reference.ts`
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checks, checksPage, reportSchema } from "@douze/lab";

const folder = join(import.meta.dirname, "../../../docs/reference");
writeFileSync(join(folder, "checks.md"), checksPage(checks));
writeFileSync(join(folder, "check-report.schema.json"), `${JSON.stringify(reportSchema(), undefined, 2)}\n`);
