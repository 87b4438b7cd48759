import type { OnProgress, ProgressEvent } from "@douze/engine";
import { cellText, type Paper } from "./print.ts";

const headings: Record<ProgressEvent["stage"], string> = {
  build: "Build",
  output: "Build",
  release: "Release",
  task: "Release task",
  process: "Processes",
};

/** A stage that took less is not worth a word, in milliseconds. */
const shortMs = 1000;

/**
 * Tells stages under headings, as Heroku does, on stderr: what a command prints as its result stays apart.
 *
 * On a terminal a build's own output passes through one line, with the time that the stage has taken so far; elsewhere every
 * line is kept. A build that fails brings its last lines with its problem.
 */
export function progressOn({ aside, live, styled, asideWidth }: Paper): OnProgress {
  let heading: string | undefined;
  let startedAt = 0;
  return ({ stage, text }) => {
    const now = performance.now();
    if (headings[stage] !== heading) {
      if (heading !== undefined && now - startedAt >= shortMs) aside(`       ${styled("dim", `took ${tookText(now - startedAt)}`)}`);
      heading = headings[stage];
      startedAt = now;
      aside(styled("bold", `-----> ${heading}`));
    }
    const began = startedAt;
    const line = cellText(text);
    if (stage !== "output" || !live) aside(`       ${line}`);
    live?.(() => {
      const time = tookText(performance.now() - began).padEnd(6);
      const doing = stage === "output" ? line.slice(0, Math.max(0, asideWidth - 15)) : "";
      return `       ${styled("dim", `${time} ${doing}`.trimEnd())}`;
    });
  };
}

/** `12s`, `2m05s` */
function tookText(ms: number): string {
  const seconds = Math.floor(ms / 1000);
  if (seconds < 60) return `${seconds}s`;
  return `${Math.floor(seconds / 60)}m${String(seconds % 60).padStart(2, "0")}s`;
}

/** Tells of the build alone, where what follows it is not seen from here. */
export function ofBuild(told: OnProgress): OnProgress {
  return (event) => (event.stage === "build" || event.stage === "output" ? told(event) : undefined);
}
