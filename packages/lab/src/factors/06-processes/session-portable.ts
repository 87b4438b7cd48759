import { Cookies } from "../../discover/cookies.ts";
import { startWeb } from "../../experiment.ts";
import type { Check } from "../../model/check.ts";
import { failOr, inapplicable, pass, unknown } from "../../model/verdict.ts";
import type { Answer } from "../../sandbox/inside/orders.ts";
import type { Sandbox } from "../../sandbox/sandbox.ts";
import { readingOf } from "./recognition.ts";

interface Evidence {
  readonly hasWeb: boolean;
  readonly path?: string;
  readonly cookies: readonly string[];
  /** Whether the page was another than a stranger's: in the first process when it was asked again, and in the second. */
  readonly says?: { readonly isKnownBack: boolean; readonly isKnownElsewhere: boolean };
}

export const sessionPortable: Check<Evidence> = {
  name: "session-portable",
  factor: "processes",
  claim: "any process serves any session",
  kind: "dynamic",
  profile: "standard",
  core: true,
  severity: "error",
  norm: "“Sticky sessions are a violation of twelve-factor and should never be used or relied upon”",
  method: [
    "Two web processes share their services and their config.",
    "A visitor asks a page of the first process until it is recognised: its answer differs from what a stranger gets.",
    "With the same cookies it asks the second process, and then the first again, as the control.",
    "The second must recognise it as the first does.",
  ],
  guards: [
    "A cookie that is set anew at each answer says nothing: Flask does that always. What counts is whether the page knows the visitor.",
    "Two strangers must get the same page, but for tokens and numbers, or the page says nothing: a count of all visits is no session.",
  ],
  limits: "Sessions that show on no page, or only after a login, are not seen.",
  needs: ["sandbox"],

  async observe(lab) {
    const { web } = lab.baseline;
    if (!web) return { hasWeb: false, cookies: [] };
    await using sandbox = await lab.sandbox();
    await using a = await startWeb(lab, sandbox, web);
    await using b = await startWeb(lab, sandbox, web);
    const all = new Set<string>();
    for (const { path } of web.pages) {
      const cookies = new Cookies();
      const first = await visit(sandbox, a.port, path, cookies);
      if (cookies.names.length === 0 || first === undefined) continue;
      for (const name of cookies.names) all.add(name);
      // A second stranger shows what differs between strangers anyway, such as a count of all visits.
      const stranger = await visit(sandbox, a.port, path, new Cookies());
      await visit(sandbox, a.port, path, cookies);
      const known = await visit(sandbox, a.port, path, cookies);
      if (stranger === undefined || known === undefined) continue;
      const read = readingOf({ first, stranger, known });
      if (!read) continue;
      const elsewhere = await visit(sandbox, b.port, path, cookies.copy());
      const strangerElsewhere = await visit(sandbox, b.port, path, new Cookies());
      const back = await visit(sandbox, a.port, path, cookies);
      if (elsewhere === undefined || back === undefined || strangerElsewhere === undefined) continue;
      return {
        hasWeb: true,
        path,
        cookies: [...all],
        says: { isKnownBack: read(back) !== read(stranger), isKnownElsewhere: read(elsewhere) !== read(strangerElsewhere) },
      };
    }
    return { hasWeb: true, cookies: [...all] };
  },

  judge({ hasWeb, path = "/", cookies, says }) {
    if (!hasWeb) return inapplicable("the app takes no requests");
    if (cookies.length === 0) return inapplicable("no page sets a cookie");
    if (!says)
      return unknown(
        "needs-hint",
        `cookies are set (${cookies.join(", ")}), and no page shows that it knows a visitor`,
        "name a page that does: `check: { http: [{ path: /account }] }`",
      );
    if (!says.isKnownBack) return unknown("unstable", `${path} forgot the visitor by itself`, "name another page in `check.http`");
    const findings = !says.isKnownElsewhere
      ? [
          {
            subject: cookies.join(", "),
            severity: "error" as const,
            what: `${path} knows a visitor in the process that it met first, and takes it for a stranger in another`,
            details: [`cookies: ${cookies.join(", ")}`],
            control: "asked again, the first process still knew the visitor",
            fix: {
              text: "keep sessions in a backing service, or wholly in a cookie that is signed with a key from the config, the same for all processes",
            },
          },
        ]
      : [];
    return failOr(
      findings,
      "proven",
      pass(
        `a visitor whom one process knows is known to another (${path})`,
        `the page differs for strangers, and two processes were asked with the same cookies (${cookies.join(", ")})`,
      ),
    );
  },
};

async function visit(sandbox: Sandbox, port: number, path: string, cookies: Cookies): Promise<string | undefined> {
  const answer: Answer = await sandbox.ask({ port, path, headers: cookies.headers });
  cookies.take(answer);
  return answer.ok && answer.status < 400 ? answer.body : undefined;
}
