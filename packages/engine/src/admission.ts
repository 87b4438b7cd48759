import { Problem, type Release } from "@douze/core";
import type { Home } from "./home.ts";
import type { OnProgress } from "./operations.ts";

/** How long an attached resource may take to answer before a release is refused, in milliseconds. */
const patienceMs = 15_000;

/**
 * Starts what is provided here and waits for everything attached to answer, all at once.
 *
 * @throws Problem resource-unreachable - nothing is recorded of the release
 */
export async function checkResources(home: Home, release: Release, onProgress: OnProgress): Promise<void> {
  await Promise.all(
    Object.entries(release.attachments).map(async ([resource, attachment]) => {
      const { type, kind } = attachment;
      const { url } = kind === "embedded" ? await home.provider.provision(resource, type, home.stopping) : attachment;
      const { reachable, detail } = await home.provider.check(type, url, home.stopping, patienceMs);
      if (!reachable) throw unreachable(resource, attachment.address, detail);
      onProgress({ stage: "release", text: `${resource}: ${detail}` });
    }),
  );
}

function unreachable(resource: string, address: string, detail: string): Problem {
  return new Problem({
    code: "resource-unreachable",
    what: `the resource \`${resource}\`${address ? ` at ${address}` : ""} cannot be reached`,
    why: detail,
    fix: `start it, or attach another one: \`douze attach ${resource} <url>\`; the present release keeps running`,
  });
}
