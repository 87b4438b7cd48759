/** What must answer before requests may come. */
export interface HealthCheck {
  readonly name: string;
  /** Rejects, or takes longer than it may, when it is not well. */
  readonly check: (signal: AbortSignal) => Promise<void>;
}

const checks = new Set<HealthCheck>();

/** For one check, in milliseconds. */
const checkMs = 1_000;

/** Counts for readiness from now on. @returns a function that takes it back */
export function addHealthCheck(check: HealthCheck): () => void {
  checks.add(check);
  return () => checks.delete(check);
}

export interface Health {
  readonly well: boolean;
  /** `ok`, or what is wrong in a word or two; no addresses and no passwords. */
  readonly checks: Readonly<Record<string, string>>;
}

let pending: Promise<Health> | undefined;

/** Asks all at once; those who ask meanwhile get the same answer. */
export function health(): Promise<Health> {
  pending ??= ask().finally(() => {
    pending = undefined;
  });
  return pending;
}

async function ask(): Promise<Health> {
  const answers = await Promise.all(
    [...checks].map(async ({ name, check }): Promise<[string, string]> => {
      const signal = AbortSignal.timeout(checkMs);
      const late = Promise.withResolvers<never>();
      const onAbort = (): void => late.reject(new Error("late"));
      signal.addEventListener("abort", onAbort, { once: true });
      try {
        await Promise.race([check(signal), late.promise]);
        return [name, "ok"];
      } catch {
        return [name, signal.aborted ? "no answer" : "failed"];
      } finally {
        signal.removeEventListener("abort", onAbort);
      }
    }),
  );
  return { well: answers.every(([, answer]) => answer === "ok"), checks: Object.fromEntries(answers) };
}
