import type { Attributes, Meter } from "@opentelemetry/api";

export interface InstrumentOptions {
  readonly description?: string;
  /** By UCUM: `s`, `By`, `{job}`. */
  readonly unit?: string;
}

/** Counts what happens. */
export interface Counter {
  add(value: number, attributes?: Attributes): void;
}

/** Notes how large or how long things are. */
export interface Histogram {
  record(value: number, attributes?: Attributes): void;
}

/** An instrument before and after there is somebody to tell. */
type Bind = (meter: Meter) => void;
const unbound: Bind[] = [];
let meter: Meter | undefined;

/** Binds what was made before, and all that is made later. */
export function startMetrics(started: Meter): void {
  meter = started;
  for (const bind of unbound.splice(0)) bind(started);
}

function whenStarted(bind: Bind): void {
  if (meter) bind(meter);
  else unbound.push(bind);
}

/** A number of the app's own, such as the orders that came in. It costs nothing where no telemetry is sent. */
export function counter(name: string, options: InstrumentOptions = {}): Counter {
  let bound: Counter | undefined;
  whenStarted((each) => {
    bound = each.createCounter(name, options);
  });
  return { add: (value, attributes) => bound?.add(value, attributes) };
}

export function histogram(name: string, options: InstrumentOptions = {}): Histogram {
  let bound: Histogram | undefined;
  whenStarted((each) => {
    bound = each.createHistogram(name, options);
  });
  return { record: (value, attributes) => bound?.record(value, attributes) };
}

/** One of several numbers under one name. */
export interface Observation {
  readonly value: number;
  readonly attributes: Attributes;
}

/** A number that is asked for when it is sent, such as the length of a queue; or several, told apart by their attributes. */
export function gauge(
  name: string,
  observe: () => number | readonly Observation[] | Promise<number | readonly Observation[]>,
  options: InstrumentOptions = {},
): void {
  whenStarted((each) =>
    each.createObservableGauge(name, options).addCallback(async (result) => {
      const seen = await observe();
      if (typeof seen === "number") result.observe(seen);
      else for (const { value, attributes } of seen) result.observe(value, attributes);
    }),
  );
}
