import type { TimelineEvent } from "../model/timeline.ts";
import { escapeHtml } from "./escape-html.ts";

const laneHeight = 34;
const left = 92;
const width = 860;

/** What happened, drawn against time: a lane for whoever did something, with marks that say what. Pure. */
export function timelineSvg(events: readonly TimelineEvent[]): string {
  const [first] = events;
  if (!first) return "";
  const start = Math.min(...events.map(({ at }) => at));
  const end = Math.max(...events.map(({ at }) => at), start + 1);
  const lanes = [...new Set(events.map(({ who }) => who))].slice(0, 14);
  const x = (at: number): number => left + ((at - start) / (end - start)) * (width - left - 24);
  const height = lanes.length * laneHeight + 30;
  const drawn = lanes.flatMap((who, index) => {
    const y = index * laneHeight + 20;
    const own = events.filter((each) => each.who === who);
    const began = own.find(({ what }) => what === "started");
    const ended = own.find(({ what }) => what.startsWith("ended"));
    const life = began
      ? [
          `<rect class="life" x="${x(began.at).toFixed(1)}" y="${y - 5}" width="${Math.max(2, x(ended?.at ?? end) - x(began.at)).toFixed(1)}" height="10" rx="3"/>`,
        ]
      : [];
    const marks = own.map(({ at, what }) => {
      const text = `${((at - start) / 1000).toFixed(3)} s  ${what}`;
      return `<circle class="${markClass(what)}" cx="${x(at).toFixed(1)}" cy="${y}" r="5"><title>${escapeHtml(text)}</title></circle>`;
    });
    return [
      `<text x="0" y="${y + 4}">${escapeHtml(who)}</text><line class="lane" x1="${left}" x2="${width - 20}" y1="${y}" y2="${y}"/>`,
      ...life,
      ...marks,
    ];
  });
  const seconds = (end - start) / 1000;
  const ticks = [0, 0.25, 0.5, 0.75, 1].map(
    (part) =>
      `<text class="tick" x="${(left + part * (width - left - 24)).toFixed(1)}" y="${height - 4}" text-anchor="middle">${(part * seconds).toFixed(seconds < 10 ? 1 : 0)} s</text>`,
  );
  return `<svg class="timeline" viewBox="0 0 ${width} ${height}" role="img" aria-label="what happened, against time">${[...drawn, ...ticks].join("")}</svg>`;
}

function markClass(what: string): string {
  if (what.startsWith("SIG")) return "signal";
  if (/cut off|silent|slower/.test(what)) return "fault";
  return what.startsWith("ended") ? "end" : "mark";
}
