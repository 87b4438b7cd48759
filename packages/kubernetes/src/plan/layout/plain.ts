import { objectsOf } from "../render.ts";
import { type Files, filesIn, keptIn } from "./files.ts";
import type { LayoutIn } from "./layout.ts";

/** An object a file, in the order in which they are applied: for `kubectl apply -f`, after `sops` where something is encrypted. */
export function plain(input: LayoutIn): Files {
  return new Map([...keptIn("manifests/", input.kept), ...filesIn("manifests/", objectsOf(input.rendered), input)]);
}
