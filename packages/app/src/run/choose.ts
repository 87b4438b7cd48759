/** What a program is asked to be. */
export type Chosen =
  | { readonly is: "processes"; readonly names: readonly string[] }
  | { readonly is: "task"; readonly name: string; readonly words: readonly string[] }
  | { readonly is: "help" }
  | { readonly is: "unknown"; readonly name: string };

/**
 * The first word names a task or a process type; more words may name more process types. Without one it is what the platform says
 * (`DOUZE_PROCESS=web.1`), and without a platform all process types in one. Pure.
 *
 * @param words - without those that are flags of config
 */
export function choose(
  words: readonly string[],
  platform: string | undefined,
  processes: readonly string[],
  tasks: readonly string[],
): Chosen {
  const [first, ...rest] = words;
  if (first === "help" || first === "--help" || first === "-h") return { is: "help" };
  if (first !== undefined && tasks.includes(first)) return { is: "task", name: first, words: rest };
  const named = words.filter((word) => !word.startsWith("-"));
  const unknown = named.find((word) => !processes.includes(word)) ?? words.find((word) => word.startsWith("-"));
  if (unknown !== undefined) return { is: "unknown", name: unknown };
  if (named.length > 0) return { is: "processes", names: named };
  const type = platform?.split(".")[0];
  if (type !== undefined && processes.includes(type)) return { is: "processes", names: [type] };
  return { is: "processes", names: processes };
}
