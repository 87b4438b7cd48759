import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Extractor, ExtractorConfig, ExtractorLogLevel } from "@microsoft/api-extractor";
import { entries, kit } from "./entries.ts";

/** What an app can see of the kit, a report for each entry: so that a changed surface is seen in the difference. */
export async function surface(): Promise<Record<string, string>> {
  const folder = await mkdtemp(join(tmpdir(), "surface-"));
  const reports: Record<string, string> = {};
  for (const { name, types } of entries()) {
    const config = ExtractorConfig.prepare({
      configObject: {
        projectFolder: kit,
        mainEntryPointFilePath: types,
        compiler: { tsconfigFilePath: fileURLToPath(new URL("kit.tsconfig.json", import.meta.url)) },
        apiReport: { enabled: true, reportFileName: name, reportFolder: folder, reportTempFolder: folder },
        docModel: { enabled: false },
        dtsRollup: { enabled: false },
        tsdocMetadata: { enabled: false },
        newlineKind: "lf",
        messages: {
          compilerMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
          tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        },
      },
      configObjectFullPath: undefined,
      packageJsonFullPath: `${kit}package.json`,
    });
    Extractor.invoke(config, { localBuild: true, messageCallback: (message) => (message.handled = true) });
    reports[`packages/app/api/${name}.api.md`] = await readFile(join(folder, `${name}.api.md`), "utf8");
  }
  await rm(folder, { recursive: true });
  return reports;
}
