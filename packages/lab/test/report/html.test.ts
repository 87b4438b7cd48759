import { type DefaultTreeAdapterTypes, parse } from "parse5";
import { expect, test } from "vitest";
import { htmlReport } from "../../src/report/html.ts";
import { timelineSvg } from "../../src/report/timeline-svg.ts";
import { examination, hostile, passed, report, reportOf, result } from "../support/samples.ts";

type Element = DefaultTreeAdapterTypes.Element;

function elements(node: DefaultTreeAdapterTypes.Node): Element[] {
  return "childNodes" in node ? node.childNodes.flatMap((child) => ("tagName" in child ? [child, ...elements(child)] : [])) : [];
}

function attribute({ attrs }: Element, name: string): string | undefined {
  return attrs.find((each) => each.name === name)?.value;
}

const page = htmlReport(report);
const flaws: string[] = [];
const all = elements(parse(page, { onParseError: ({ code }) => flaws.push(code) }));

test("it is well-formed", () => {
  expect(flaws).toEqual([]);
});

test("nothing in it is fetched from elsewhere, and nothing in it runs", () => {
  const names = new Set(all.map(({ tagName }) => tagName));
  expect(
    [...names].filter((name) => ["script", "link", "img", "iframe", "object", "embed", "base", "form", "audio", "video"].includes(name)),
  ).toEqual([]);
  expect(
    all.flatMap(({ attrs }) => attrs.map(({ name }) => name)).filter((name) => name.startsWith("on") || name === "src" || name === "style"),
  ).toEqual([]);
  expect(page).not.toMatch(/@import|url\(/);
});

test("links lead to places of the page, or to the manifesto", () => {
  const ids = new Set(all.flatMap((each) => attribute(each, "id") ?? []));
  const links = all.flatMap((each) => attribute(each, "href") ?? []);
  expect(links.length).toBeGreaterThan(12);
  const elsewhere = links.filter((link) => !link.startsWith("#"));
  expect(elsewhere.filter((link) => !link.startsWith("https://12factor.net/"))).toEqual([]);
  expect(links.filter((link) => link.startsWith("#") && !ids.has(link.slice(1)))).toEqual([]);
});

test("what an app prints is text: in findings, in marks of the timeline, in names", () => {
  expect(page).not.toContain("<script");
  expect(page).toContain("&#60;script src=&#34;https://evil.example/x.js&#34;&#62;");
  const named = htmlReport({ ...report, examination: { ...report.examination, app: hostile, seed: hostile } });
  expect(elements(parse(named)).filter(({ tagName }) => tagName === "script")).toEqual([]);
});

test("each factor has a card, each check a line, each finding its control", () => {
  const classes = all.map((each) => attribute(each, "class") ?? "");
  expect(classes.filter((each) => each.startsWith("factor "))).toHaveLength(12);
  expect(all.filter(({ tagName }) => tagName === "details")).toHaveLength(report.examination.results.length);
  expect(classes.filter((each) => each.startsWith("finding "))).toHaveLength(report.accepted.findings.length);
  expect(page.match(/<dt>control<\/dt>/g)).toHaveLength(report.accepted.findings.length);
  expect(page).toContain("tried: it still fails with NODE_ENV=production");
  expect(page).toContain("waived: until the queue is replaced (ana, until 2027-01-31)");
});

test("without findings it says so", () => {
  expect(htmlReport(reportOf(examination([result("codebase/tracked", passed)]), { baseline: {}, waivers: [] }))).toContain("None.");
});

test("a timeline has a lane for each, and marks that say what and when", () => {
  const svg = timelineSvg([
    { at: 1_000, who: "web.1", what: "started" },
    { at: 1_500, who: "lab", what: "SIGTERM to the process" },
    { at: 3_000, who: "web.1", what: "ended with exit code 0" },
  ]);
  expect(svg.match(/class="lane"/g)).toHaveLength(2);
  expect(svg).toContain("<title>0.500 s  SIGTERM to the process</title>");
  expect(svg).toContain('class="life"');
  expect(timelineSvg([])).toBe("");
  expect(timelineSvg([{ at: 5, who: "lab", what: "x" }])).not.toContain("NaN");
});
