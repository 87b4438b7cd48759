import { type WrittenNote, writeNote } from "../../discover/roundtrip.ts";
import { answers, startWeb } from "../../experiment.ts";
import type { Lab } from "../../lab.ts";
import type { Roundtrip, WebBaseline } from "../../model/baseline.ts";
import type { Check } from "../../model/check.ts";
import { type Finding, failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";
import type { Sandbox, Started } from "../../sandbox/sandbox.ts";
import type { Service } from "../../sandbox/service.ts";
import { notesWay, read, write } from "../06-processes/notes.ts";

interface Evidence {
  readonly services: readonly string[];
  readonly moved?: {
    /** What went to the former services after the swap, by the variable of each, in bytes. */
    readonly toFormer: readonly { readonly variable: string; readonly bytes: number }[];
    /** Bytes that went to the new ones. */
    readonly toNew: number;
    readonly answered: boolean;
    readonly lines: readonly string[];
    /** Where something can be written: whether the old marker is out of sight, the new one in the new store alone, and the old one back at last. */
    readonly data?: Data;
  };
  readonly none?: "no-web";
}

interface Data {
  readonly oldHidden: boolean;
  readonly newInNew: boolean;
  readonly newInFormer: boolean;
  readonly oldBack: boolean;
  readonly unwritten?: string;
}

export const handleSwap: Check<Evidence> = {
  name: "handle-swap",
  factor: "backing-services",
  claim: "another handle in the config moves the app to another service, with no change of code",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“able to swap out a local database with one managed by a third party without any changes to the app's code”",
  method: [
    "Each service is there twice, under another host name, address, user, password and database name, both made ready by the release task.",
    "The app is started on the first, and a marker is written. It is started again, from the same build, on the second.",
    "Traffic must go to the second alone; the marker must be out of sight, and a new one be in the second store. Back on the first, the old marker must be there.",
  ],
  guards: ["Each start is a new process: nothing remembers a name.", "The stores are asked directly, past the app."],
  needs: ["sandbox"],
  repeats: 2,

  async observe(lab) {
    const { web } = lab.baseline;
    const names = lab.subject.services.map(({ variable }) => variable);
    if (!web) return { services: names, none: "no-web" };
    if (names.length === 0) return { services: [] };
    await using sandbox = await lab.sandbox({ twice: true });
    const former = sandbox.services.filter(({ need }) => !need.name.endsWith("-2"));
    const fresh = sandbox.services.filter(({ need }) => need.name.endsWith("-2"));
    if (former.length === 0) return { services: [] };
    const onFormer = Object.fromEntries(former.map(({ need, url }) => [need.variable, url]));
    const onFresh = Object.fromEntries(fresh.map(({ need, url }) => [need.variable, url]));
    const way = notesWay(lab);
    const bytesOf = (list: typeof former): Promise<readonly number[]> =>
      Promise.all(list.map(async (each) => (await each.traffic()).bytesToService));
    const use = async (port: number): Promise<void> => {
      for (const { path } of web.pages.filter(({ services }) => services.length > 0).slice(0, 3)) await sandbox.ask({ port, path });
    };
    let old: Awaited<ReturnType<typeof write>> | undefined;
    {
      await using first = await startWeb(lab, sandbox, web, { env: onFormer });
      if (!("none" in way)) old = await write(lab, sandbox, first, way.roundtrip);
      await use(first.port);
    }
    const before = { former: await bytesOf(former), fresh: await bytesOf(fresh) };
    lab.tell("starts it on the other service");
    await using second = await sandbox.start(web.type, { env: onFresh });
    const answered = (await answers(lab, sandbox, second, web, 20_000)) !== undefined;
    let data: Omit<Data, "oldBack"> | undefined;
    if (answered) {
      await use(second.port);
      if (!("none" in way) && old) data = await swapped(lab, sandbox, { roundtrip: way.roundtrip, second, old, former, fresh });
    }
    const [toFormer, toNew] = [await bytesOf(former), await bytesOf(fresh)];
    return {
      services: names,
      moved: {
        toFormer: former.flatMap(({ need }, index) => {
          const bytes = (toFormer[index] ?? 0) - (before.former[index] ?? 0);
          return bytes > 0 ? [{ variable: need.variable, bytes }] : [];
        }),
        toNew: toNew.reduce((all, bytes, index) => all + bytes - (before.fresh[index] ?? 0), 0),
        answered,
        lines: second.process.lines.slice(-6).map(({ text }) => text),
        ...(data && { data: { ...data, oldBack: await isBack(lab, sandbox, web, onFormer, old) } }),
      },
    };
  },

  judge({ services, moved, none }) {
    if (none || services.length === 0 || !moved)
      return inapplicable(none ? "the app takes no requests" : "the app has no services that the lab can run");
    const subject = services.join(", ");
    const control = "on the first service the same build answered, and wrote there";
    const fix = {
      text: `take the whole address from ${subject}: host, port, user, password and database, and write none of them in the code`,
    };
    const findings: Finding[] = [];
    if (!moved.answered)
      findings.push({
        subject,
        severity: "error",
        what: "on another service, with another user, password and database, it does not come up",
        details: moved.lines,
        control,
        fix,
      });
    else if (moved.data?.unwritten !== undefined)
      findings.push({
        subject,
        severity: "error",
        what: `on another service, with another user, password and database, what could be written before cannot: ${moved.data.unwritten}`,
        details: moved.lines,
        control,
        fix,
      });
    else if (moved.data && (!moved.data.oldHidden || moved.data.newInFormer))
      findings.push({ subject, severity: "error", what: "after the swap its data still go to the former service", control, fix });
    else if (moved.data && !moved.data.oldBack)
      findings.push({ subject, severity: "error", what: "back on the former service, what was written there is gone", control, fix });
    for (const { variable, bytes } of moved.toFormer)
      findings.push({
        subject: variable,
        severity: "error",
        what: `with another service in ${variable}, ${bytes} bytes still went to the former one`,
        control,
        fix: {
          text: `take the whole address from ${variable}: host, port, user, password and database, and write none of them in the code`,
        },
      });
    if (findings.length === 0 && moved.toNew === 0)
      return unknown(
        "no-power",
        "it said nothing to its service, neither before nor after",
        "name a page that asks it: `check: { http: [{ path: /notes }] }`",
      );
    const with_ = moved.data ? "its data and its traffic followed" : "its traffic followed; no way was known to write something";
    return failOr(
      findings,
      "proven",
      pass(
        `with another handle ${with_}`,
        `${moved.toNew} bytes went to the second service${moved.data ? ", and a marker was found in its store" : ""}`,
      ),
    );
  },
};

interface Swapping {
  readonly roundtrip: Roundtrip;
  readonly second: Started;
  readonly old: WrittenNote;
  readonly former: readonly Service[];
  readonly fresh: readonly Service[];
}

/** Where old and new markers are after the swap. */
async function swapped(lab: Lab, sandbox: Sandbox, { roundtrip, second, old, former, fresh }: Swapping): Promise<Omit<Data, "oldBack">> {
  const oldHidden = !(await read(sandbox, second, old));
  const note = await writeNote(sandbox.ask.bind(sandbox), second.port, roundtrip.way, `douze${lab.chance.hex(12)}`);
  if (typeof note === "string") return { oldHidden, newInNew: false, newInFormer: false, unwritten: note };
  const holds = async (list: readonly Service[]): Promise<boolean> =>
    (await Promise.all(list.map(({ store }) => store.holds(note.marker)))).includes(true);
  return { oldHidden, newInNew: await holds(fresh), newInFormer: await holds(former) };
}

/** Whether what was written on the first services is there again with them. */
async function isBack(
  lab: Lab,
  sandbox: Sandbox,
  web: WebBaseline,
  env: Readonly<Record<string, string>>,
  old: WrittenNote | undefined,
): Promise<boolean> {
  await using third = await startWeb(lab, sandbox, web, { env });
  return old !== undefined && (await read(sandbox, third, old));
}
