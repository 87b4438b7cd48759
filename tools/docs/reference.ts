import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Application, LogLevel } from "typedoc";
import { entries, kit } from "./entries.ts";

/** The kit's reference in Markdown, a page for each entry, by its path in the repository. */
export async function reference(): Promise<Record<string, string>> {
  const out = await mkdtemp(join(tmpdir(), "reference-"));
  const app = await Application.bootstrapWithPlugins({
    entryPoints: entries().map(({ types }) => types),
    tsconfig: fileURLToPath(new URL("kit.tsconfig.json", import.meta.url)),
    basePath: `${kit}dist`,
    plugin: ["typedoc-plugin-markdown"],
    outputs: [{ name: "markdown", path: out }],
    readme: "none",
    name: "@douze/app",
    disableSources: true,
    disableGit: true,
    excludePrivate: true,
    excludeExternals: true,
    skipErrorChecking: true,
    logLevel: LogLevel.Warn,
    validation: { notExported: false, invalidLink: false },
    // Of the plugin.
    ...({
      outputFileStrategy: "modules",
      entryFileName: "README",
      hideBreadcrumbs: true,
      hidePageHeader: true,
      useCodeBlocks: true,
    } as object),
  });
  const project = await app.convert();
  if (!project) throw new Error("the kit's types could not be read");
  await app.generateOutputs(project);
  const names = (await readdir(out, { recursive: true })).filter((name) => name.endsWith(".md"));
  const pages = await Promise.all(
    names.map(async (name) => [`docs/reference/kit/${name}`, await readFile(join(out, name), "utf8")] as const),
  );
  await rm(out, { recursive: true });
  return Object.fromEntries(pages);
}
