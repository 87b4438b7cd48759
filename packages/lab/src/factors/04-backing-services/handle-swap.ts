import { type WrittenNote, writeNote } from "../../discover/roundtrip.ts";
import { startWeb } from "../../experiment.ts";
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
    /** Bytes that went to the former and to the new service after the swap. */
    readonly toFormer: number;
    readonly toNew: number;
    readonly answered: boolean;
    readonly lines: readonly string[];
    /** Where something can be written: whether the old marker is out of sight, the new one in the new store alone, and the old one back at last. */
    readonly data?: {
      readonly oldHidden: boolean;
      readonly newInNew: boolean;
      readonly newInFormer: boolean;
      readonly oldBack: boolean;
      readonly unwritten?: string;
    };
  };
  readonly none?: "no-web";
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
    const sum = async (list: typeof former): Promise<number> =>
      (await Promise.all(list.map((each) => each.traffic()))).reduce((all, { bytesToService }) => all + bytesToService, 0);
    const use = async (port: number): Promise<void> => {
      for (const { path } of web.pages.filter(({ services }) => services.length > 0).slice(0, 3)) await sandbox.ask({ port, path });
    };
    let old: Awaited<ReturnType<typeof write>> | undefined;
    {
      await using first = await startWeb(lab, sandbox, web, { env: onFormer });
      if (!("none" in way)) old = await write(lab, sandbox, first, way.roundtrip);
      await use(first.port);
    }
    const before = { former: await sum(former), fresh: await sum(fresh) };
    lab.tell("starts it on the other service");
    await using second = await sandbox.start(web.type, { env: onFresh });
    const { isReady } = await import("../../discover/baseline.ts");
    const answered = (await isReady(sandbox, second, 20_000 * lab.slowness, web.pages[0]?.path ?? "/")) !== undefined;
    let data: NonNullable<Evidence["moved"]>["data"];
    if (answered) {
      await use(second.port);
      if (!("none" in way) && old) {
        data = await swapped(lab, sandbox, { web, roundtrip: way.roundtrip, second, old, former, fresh, onFormer });
      }
    }
    const traffic = { toFormer: (await sum(former)) - before.former, toNew: (await sum(fresh)) - before.fresh };
    // Back on the first, it talks to the first again: that is left out.
    const toFormer = data ? 0 : traffic.toFormer;
    return {
      services: names,
      moved: {
        toFormer,
        toNew: traffic.toNew,
        answered,
        lines: second.process.lines.slice(-6).map(({ text }) => text),
        ...(data && { data }),
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
    else if (moved.toFormer > 0)
      findings.push({
        subject,
        severity: "error",
        what: `after the swap ${moved.toFormer} bytes still went to the former service`,
        control,
        fix,
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

type Data = NonNullable<NonNullable<Evidence["moved"]>["data"]>;

interface Swapping {
  readonly web: WebBaseline;
  readonly roundtrip: Roundtrip;
  readonly second: Started;
  readonly old: WrittenNote;
  readonly former: readonly Service[];
  readonly fresh: readonly Service[];
  readonly onFormer: Readonly<Record<string, string>>;
}

/** Where old and new markers are, after the swap and after the way back. */
async function swapped(lab: Lab, sandbox: Sandbox, { web, roundtrip, second, old, former, fresh, onFormer }: Swapping): Promise<Data> {
  const oldHidden = !(await read(sandbox, second, old));
  const note = await writeNote(sandbox.ask.bind(sandbox), second.port, roundtrip.way, `douze${lab.chance.hex(12)}`);
  if (typeof note === "string") return { oldHidden, newInNew: false, newInFormer: false, oldBack: true, unwritten: note };
  const holds = async (list: readonly Service[]): Promise<boolean> =>
    (await Promise.all(list.map(({ store }) => store.holds(note.marker)))).includes(true);
  const [newInNew, newInFormer] = [await holds(fresh), await holds(former)];
  await using third = await startWeb(lab, sandbox, web, { env: onFormer });
  return { oldHidden, newInNew, newInFormer, oldBack: await read(sandbox, third, old) };
}
