import { mkdir } from "node:fs/promises";
import { type FrozenAttachment, Problem, versionName } from "@douze/core";
import { currentOf, standing } from "./history.ts";
import type { Home, Running } from "./home.ts";
import { unsealed } from "./releasing.ts";
import type { BackupView, ResourceView } from "./view.ts";

/** How long `douze resources` waits for one to answer, in milliseconds. */
const glanceMs = 2_000;

/** What the current release declares and what is attached, with a look at whether it answers. */
export async function resourceViews(home: Home): Promise<readonly ResourceView[]> {
  const record = currentOf(home.ledger.records());
  if (!record) return [];
  const release = await unsealed(home, record.release.version);
  const names = new Set([...Object.keys(release.manifest.resources), ...Object.keys(release.attachments)]);
  return await Promise.all(
    [...names].sort().map(async (resource): Promise<ResourceView> => {
      const declared = release.manifest.resources[resource];
      const attachment = release.attachments[resource];
      const type = attachment?.type ?? declared?.type ?? "tcp";
      const common = { resource, type, as: attachment?.as ?? declared?.as ?? "", required: declared?.required ?? false };
      if (!attachment) return { ...common, reachable: false, detail: "nothing is attached" };
      const look = await glance(home, resource, attachment);
      return { ...common, kind: attachment.kind, ...look };
    }),
  );
}

async function glance(
  home: Home,
  resource: string,
  attachment: FrozenAttachment,
): Promise<Pick<ResourceView, "at" | "reachable" | "detail">> {
  if (attachment.kind === "embedded" && !home.running) return { reachable: false, detail: "runs with `douze up`" };
  const url = await urlOf(home, resource, attachment);
  const { reachable, detail } = await home.provider.check(attachment.type, url, home.stopping, glanceMs);
  return { at: attachment.address || new URL(url).host, reachable, detail };
}

/** @throws Problem resource-unknown - nothing of that name is attached */
export async function backUp(home: Home, resource: string): Promise<BackupView> {
  const { type, kind, url } = await attached(home, resource);
  await mkdir(home.paths.backups, { recursive: true, mode: 0o700 });
  return await home.provider.backup(resource, type, url, kind, home.paths.backups);
}

/** Processes are started anew after it, since what they hold of the former data is stale. */
export async function restoreResource(
  home: Home,
  running: Running,
  { resource, file }: { readonly resource: string; readonly file: string },
): Promise<void> {
  const { type, kind, url } = await attached(home, resource);
  await home.provider.restore(resource, type, url, kind, file);
  running.driver.note(`${resource} was restored from ${file}`);
  running.refresh([]);
}

async function attached(home: Home, resource: string): Promise<FrozenAttachment> {
  const record = currentOf(home.ledger.records());
  const release = record && (await unsealed(home, standing(record).version));
  const attachment = release?.attachments[resource];
  if (attachment) return { ...attachment, url: await urlOf(home, resource, attachment) };
  const known = Object.keys(release?.attachments ?? {});
  throw new Problem({
    code: "resource-unknown",
    what: `no resource \`${resource}\` is attached`,
    why: release ? `${versionName(release.version)} has: ${known.join(", ") || "none"}` : "there is no release yet",
    fix: "`douze resources` lists them",
  });
}

async function urlOf(home: Home, resource: string, { kind, type, url }: FrozenAttachment): Promise<string> {
  return kind === "embedded" ? (await home.provider.provision(resource, type, home.stopping)).url : url;
}
