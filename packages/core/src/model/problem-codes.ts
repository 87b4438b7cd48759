/** Every code that Douze can answer with; each has a page `docs/problems/<code>.md`. Sorted. */
export const problemCodes = ["name-invalid"] as const;

/** A stable name for a kind of problem. */
export type ProblemCode = (typeof problemCodes)[number];
