/** Something that happened in an experiment, for the picture of it. */
export interface TimelineEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** `web.1`, `db`, `lab` */
  readonly who: string;
  readonly what: string;
  /** Where it lasted. */
  readonly untilAt?: number;
}
