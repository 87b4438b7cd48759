import { mkdir, rename, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Context } from "../context.ts";
import type { Place } from "../place.ts";
import { engineFlags } from "./holder.ts";
import { portsToOpen } from "./ports.ts";
import { askedPorts, presetPort } from "./serve.ts";
import { unitFiles } from "./unit.ts";

/** Writes the units into a folder and says what to do with them. */
export async function writeUnits(
  { env, paper, json }: Context,
  places: readonly Place[],
  port: number | undefined,
  folder: string,
): Promise<void> {
  const [place] = places;
  if (!place) return;
  const preset = port ?? presetPort(env);
  const files = unitFiles({
    program: [process.execPath, ...engineFlags, ...process.execArgv, process.argv[1] ?? ""],
    folders: places.map(({ directory }) => directory),
    environment: place.environment,
    ports: portsToOpen(await askedPorts(places, env), preset),
    preset,
    host: env["HOST"] ?? "",
    path: env["PATH"] ?? "/usr/bin:/bin",
  });
  const directory = resolve(folder);
  await mkdir(directory, { recursive: true });
  for (const [name, text] of Object.entries(files)) {
    const path = join(directory, name);
    await writeFile(`${path}.aside`, text, { flush: true });
    await rename(`${path}.aside`, path);
  }
  if (json) return paper.json(Object.keys(files).map((name) => join(directory, name)));
  for (const name of Object.keys(files)) paper.line(join(directory, name));
  paper.aside("next: systemctl daemon-reload && systemctl enable --now douze.socket douze.service");
}
