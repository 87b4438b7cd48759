/** A change of an app that an experiment is tried with again, to see whether it is a remedy. */
export interface Change {
  /** As a person reads it: `PYTHONUNBUFFERED=1`. */
  readonly says: string;
  readonly env?: Readonly<Record<string, string>>;
  /** Commands in place of the app's own, by process type. */
  readonly commands?: Readonly<Record<string, string>>;
}
