import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { root } from "./entries.ts";
import { reference } from "./reference.ts";
import { surface } from "./surface.ts";

const check = process.argv.includes("--check");
const files = { ...(await reference()), ...(await surface()) };
const wrong = async (path: string, act: () => Promise<unknown>): Promise<void> => {
  if (!check) {
    await act();
    console.log(path);
    return;
  }
  console.error(`${path} is not what the kit exports: run \`npm run generate -w tools/docs\``);
  process.exitCode = 1;
};
for (const [path, text] of Object.entries(files)) {
  const file = join(root, path);
  const present = await readFile(file, "utf8").catch(() => "");
  if (present === text) continue;
  await wrong(path, async () => {
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, text);
  });
}
for (const folder of ["docs/reference/kit", "packages/app/api"]) {
  const names = await readdir(join(root, folder), { recursive: true }).catch(() => []);
  for (const name of names.filter((each) => each.endsWith(".md"))) {
    const path = `${folder}/${name}`;
    if (!(path in files)) await wrong(path, () => rm(join(root, path)));
  }
}
