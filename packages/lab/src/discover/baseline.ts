import type { Lab } from "../lab.ts";
import type { Baseline, Page, RoundtripWay, WebBaseline } from "../model/baseline.ts";
import { errorLine, tellingLine } from "../plan/telling-line.ts";
import type { Answer } from "../sandbox/inside/orders.ts";
import type { Sandbox, Started } from "../sandbox/sandbox.ts";
import { socketsOf } from "../sandbox/tree.ts";
import { linksOf } from "./forms.ts";
import { isThere, writeNote } from "./roundtrip.ts";

/** How long an app may take until it answers, and until it is clear that a process without requests stays up, in milliseconds. */
const readyMs = 60_000;
const stayMs = 2_000;
/** How long a process is waited for to listen at all, where none is said to take requests. */
const listenMs = 10_000;

const usualPaths = ["/", "/healthz", "/health", "/readyz", "/livez", "/up", "/ping", "/status", "/actuator/health"];
const harmful = /logout|log-out|sign_?out|delete|destroy|remove/i;
/** How many pages are tried, at most. */
const pagesMost = 30;

/** Starts the app as it is, undisturbed, and finds out what can be done with it. */
export async function findBaseline(lab: Omit<Lab, "baseline">): Promise<Baseline> {
  const { subject } = lab;
  if (subject.processes.length === 0) return { started: false, because: "nothing says how it is started", lines: [] };
  await using sandbox = await lab.sandbox();
  const begun: { readonly type: string; readonly started: Started }[] = [];
  for (const { type } of subject.processes) begun.push({ type, started: await sandbox.start(type) });
  const web = await findWeb(lab, sandbox, begun);
  if (web && "failed" in web) return web.failed;
  const others: { type: string; stayed: boolean; lines: readonly string[] }[] = [];
  for (const { type, started } of begun) {
    if (type === web?.type) continue;
    const ended = await started.process.until(() => started.process.end !== undefined, web ? Math.max(0, stayMs - web.startMs) : stayMs);
    others.push({ type, stayed: !ended, lines: lastLines(started) });
  }
  if (!web) {
    const [fallen] = others.filter(({ stayed }) => !stayed);
    if (fallen && others.length === 1) {
      const because = `\`${fallen.type}\` ended at once${lastWord(fallen.lines)}`;
      return { started: false, because, lines: fallen.lines };
    }
    return { started: true, startMs: 0, others };
  }
  const { type, startMs, started } = web;
  const explored = await exploreWeb(lab, sandbox, type, started);
  if (explored.pages.length > 0) return { started: true, startMs, others, web: explored };
  const error = errorLine(started.process.lines.map(({ text }) => text));
  const because = `\`${type}\` answers no page without an error, though nothing is done to it${error === undefined ? "" : `: ${error.slice(0, 200)}`}`;
  return {
    started: false,
    reason: "no-url",
    because,
    lines: ["look at GET /, or name a page that does well: `check: { http: [/about] }`"],
  };
}

/** A ready web process, why there is none, or nothing for an app that does not listen. */
async function findWeb(
  lab: Omit<Lab, "baseline">,
  sandbox: Sandbox,
  begun: readonly { readonly type: string; readonly started: Started }[],
): Promise<{ type: string; startMs: number; started: Started } | { failed: Baseline } | undefined> {
  const said = begun.find(({ type }) => lab.subject.processes.find((each) => each.type === type)?.routed);
  if (said) {
    const { process } = said.started;
    const ready = await isReady(sandbox, said.started, readyMs * lab.slowness);
    if (ready) return { type: said.type, startMs: ready.at - process.startedAt, started: said.started };
    const heard = (await listenersOf(sandbox, said.started)).map(({ address, port }) => `${address}:${port}`);
    if (!process.end && heard.length > 0) {
      const because = `\`${said.type}\` did not answer on its PORT; it listens at ${heard.join(", ")}`;
      return {
        failed: { started: false, reason: "no-url", because, lines: ["let it listen where PORT says: then all else can be tried"] },
      };
    }
    const because = process.end
      ? `\`${said.type}\` ended before it answered${lastWord(process.lines.map(({ text }) => text))}`
      : `\`${said.type}\` did not answer on its PORT`;
    return { failed: { started: false, because, lines: lastLines(said.started) } };
  }
  // None is said to: one that listens does.
  const [first] = begun;
  if (!first) return undefined;
  let found: (typeof begun)[number] | undefined;
  await first.started.process.until(
    async () => {
      for (const each of begun) if ((await listenersOf(sandbox, each.started)).length > 0) found ??= each;
      return found !== undefined || begun.every(({ started }) => started.process.end !== undefined);
    },
    Math.min(listenMs, stayMs * 2),
    50,
  );
  if (!found) return undefined;
  const ready = await isReady(sandbox, found.started, readyMs * lab.slowness);
  return ready ? { type: found.type, startMs: ready.at - found.started.process.startedAt, started: found.started } : undefined;
}

/** The first whole answer to an HTTP request: that a port accepts says little. Absent: it ended, or took too long. */
export async function isReady(
  sandbox: Sandbox,
  { process, port }: Pick<Started, "process" | "port">,
  patienceMs: number,
  path = "/",
): Promise<{ readonly at: number; readonly answer: Answer } | undefined> {
  let ready: { at: number; answer: Answer } | undefined;
  await process.until(
    async () => {
      const answer = await sandbox.ask({ port, path, timeoutMs: Math.max(2_000, patienceMs / 4) });
      if (answer.ok) ready = { at: performance.timeOrigin + performance.now(), answer };
      return ready !== undefined || process.end !== undefined;
    },
    patienceMs,
    20,
  );
  return ready;
}

/** Where the processes of one that was started listen. */
export async function listenersOf(sandbox: Sandbox, { process }: Pick<Started, "process">): ReturnType<Sandbox["listeners"]> {
  const all = await sandbox.listeners();
  const own = new Set(process.tree.flatMap(({ pid }) => socketsOf(pid)));
  return all.filter(({ inode }) => own.has(inode));
}

async function exploreWeb(lab: Omit<Lab, "baseline">, sandbox: Sandbox, type: string, started: Started): Promise<WebBaseline> {
  const { hints, manifest } = lab.subject;
  const health = Object.entries(manifest.processes).flatMap(([name, each]) => (name === type && each.health ? [each.health] : []));
  const declared = [...hints.http.map(({ path }) => path), ...health.flatMap(({ readiness, liveness }) => [readiness, liveness])];
  const front = await sandbox.ask({ port: started.port, path: hints.http[0]?.path ?? "/" });
  const linked = front.ok ? linksOf(front.body).flatMap((href) => ownPath(href) ?? []) : [];
  const candidates = [...new Set([...declared, ...usualPaths, ...linked])].filter((path) => !harmful.test(path)).slice(0, pagesMost);
  const slow = new Set(hints.http.filter((each) => each.slow).map(({ path }) => path));
  const healthPaths = new Set([...usualPaths.slice(1), ...health.flatMap(({ readiness, liveness }) => [readiness, liveness])]);
  const pages: Page[] = [];
  for (const path of candidates) {
    lab.signal.throwIfAborted();
    const page = await steady(sandbox, started.port, path);
    if (page) pages.push({ ...page, slow: slow.has(path) || page.tookMs >= 300, isHealth: healthPaths.has(path) });
  }
  // Those that a person named, then what answers well, then whatever answers.
  const rank = ({ path, status, services }: Page): number =>
    (hints.http.some((each) => each.path === path) ? 0 : healthPaths.has(path) ? 8 : 4) +
    (status < 400 ? 0 : 16) +
    (services.length > 0 ? 0 : 1);
  const ordered = pages.toSorted((a, b) => rank(a) - rank(b));
  const roundtrip = await findRoundtrip(lab, sandbox, started.port, ordered);
  return { type, pages: ordered.filter(({ status }, index) => status < 400 || index === 0), ...(roundtrip && { roundtrip }) };
}

/** Asks three times: the same status below 500 each time. */
async function steady(sandbox: Sandbox, port: number, path: string): Promise<Omit<Page, "slow" | "isHealth"> | undefined> {
  const before = await counts(sandbox);
  const answers: { status: number; tookMs: number }[] = [];
  for (let turn = 0; turn < 3; turn++) {
    const answer = await sandbox.ask({ port, path });
    if (!answer.ok || answer.status >= 500) return undefined;
    // What is not there is not there each time: asking once is enough.
    answers.push(answer);
    if (answer.status === 404 && path !== "/") return undefined;
  }
  const [status] = new Set(answers.map((each) => each.status));
  if (status === undefined || answers.some((each) => each.status !== status)) return undefined;
  const after = await counts(sandbox);
  const services = sandbox.services.map(({ need }) => need.name).filter((name) => (after.get(name) ?? 0) > (before.get(name) ?? 0));
  const [, tookMs = 0] = answers.map((each) => each.tookMs).toSorted((a, b) => a - b);
  return { path, status, tookMs, services };
}

async function counts(sandbox: Sandbox): Promise<Map<string, number>> {
  return new Map(
    await Promise.all(sandbox.services.map(async (service) => [service.need.name, (await service.traffic()).bytesToService] as const)),
  );
}

async function findRoundtrip(
  lab: Omit<Lab, "baseline">,
  sandbox: Sandbox,
  port: number,
  pages: readonly Page[],
): Promise<WebBaseline["roundtrip"]> {
  const { roundtrip } = lab.subject.hints;
  const ways: RoundtripWay[] = roundtrip
    ? [{ kind: "hint", hint: roundtrip }]
    : pages.filter(({ status }) => status < 400).map(({ path }) => ({ kind: "form", page: path }));
  const ask = sandbox.ask.bind(sandbox);
  for (const way of ways) {
    const marker = `douze${lab.chance.hex(12)}`;
    const written = await writeNote(ask, port, way, marker);
    if (typeof written === "string") continue;
    // What is there, is there again; what was never written is not.
    const never = { ...written, marker: `douze${lab.chance.hex(12)}` };
    if ((await isThere(ask, port, written)) && !(await isThere(ask, port, never)))
      return { way, from: way.kind === "hint" ? "check.roundtrip" : `the form at ${way.page}` };
  }
  return undefined;
}

function ownPath(href: string): string | undefined {
  try {
    const url = new URL(href, "http://127.0.0.1/");
    return url.hostname === "127.0.0.1" && url.protocol === "http:" ? url.pathname + url.search : undefined;
  } catch {
    return undefined;
  }
}

/** What it died of, as far as it says so, to be added to a sentence. */
function lastWord(lines: readonly string[]): string {
  const line = tellingLine(lines);
  return line === undefined ? ", and said nothing" : `: ${line.slice(0, 200)}`;
}

function lastLines({ process }: Started): readonly string[] {
  return process.lines.slice(-12).map(({ text }) => text);
}
