import type { OnProgress, ProgressEvent } from "@douze/engine";
import type { Paper } from "./print.ts";

const headings: Record<ProgressEvent["stage"], string> = {
  build: "Build",
  output: "Build",
  release: "Release",
  task: "Release task",
  process: "Processes",
};

/** Tells stages under headings, as Heroku does, on stderr: what a command prints as its result stays apart. */
export function progressOn({ aside, styled }: Paper): OnProgress {
  let last: string | undefined;
  return ({ stage, text }) => {
    const heading = headings[stage];
    if (heading !== last) aside(styled("bold", `-----> ${heading}`));
    last = heading;
    aside(`       ${stage === "output" ? styled("dim", text) : text}`);
  };
}
