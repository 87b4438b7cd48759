import type { ProcessType } from "./ids.ts";

/** How many processes of each type should run. A type that is not named runs none. */
export type Formation = Readonly<Record<ProcessType, number>>;
