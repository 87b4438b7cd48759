import * as z from "zod";
import type { ProcessType } from "./ids.ts";
import { type SocketWay, socketWays } from "./manifest.ts";
import { duration, size } from "./quantity.ts";
import { count, flag, oneOf } from "./scalar.ts";

/** The shape of a process type in `douze.yaml`, as a person writes it. */

const hour = 3_600_000;
const day = 24 * hour;
const commandWords = "a command as one text, such as `node web.js`";
export const command: z.ZodString = z
  .string({ error: commandWords })
  .regex(/\S/, { error: commandWords })
  .refine((text) => !text.includes("\0"), { error: "a command without a NUL byte" });
const path = z
  .string({ error: "a path, such as `/readyz`" })
  .regex(/^\/[^\s]*$/, { error: "a path that begins with `/`, such as `/readyz`" });

export const health: z.ZodObject = z
  .strictObject(
    {
      readiness: path.optional().meta({ description: "Answers 2xx when requests may come. Default /readyz" }),
      liveness: path.optional().meta({ description: "Answers 2xx while the process should not be restarted. Default /livez" }),
      interval: duration("Between two probes once ready. Default 5s", hour).optional(),
      timeout: duration("For one probe. Default 2s", hour).optional(),
      failures: z
        .int({ error: "a whole number" })
        .min(1, { error: "at least 1" })
        .max(100, { error: "at most 100" })
        .optional()
        .meta({ description: "How many failures in a row count. Default 3" }),
    },
    { error: "keys such as `readiness: /readyz`" },
  )
  .meta({ description: "HTTP probes. Without them a process is ready when its port accepts" });

export const metric: z.ZodObject = z.strictObject(
  {
    process: z.string({ error: "a process type that has a port" }).meta({ description: "The type that is asked for the number" }),
    path: path.meta({ description: "Where it answers the number alone, or Prometheus' text format" }),
    name: z
      .string({ error: "the name of a metric" })
      .regex(/^[A-Za-z_:][\w:]*$/, { error: "the name of a metric, such as jobs_waiting" })
      .optional()
      .meta({ description: "Of the metric in Prometheus' format; its samples are added up" }),
    target: z
      .number({ error: "a number" })
      .positive({ error: "a number above 0" })
      .meta({ description: "How much of it one process should have" }),
  },
  { error: "keys `process:`, `path:` and `target:`" },
);
export const autoscale: z.ZodObject = z
  .strictObject(
    {
      min: count.min(1, { error: "at least 1" }),
      max: count.min(1, { error: "at least 1" }),
      cpu: z
        .number({ error: "a number of per cent" })
        .min(1, { error: "at least 1" })
        .max(1000, { error: "at most 1000" })
        .optional()
        .meta({ description: "Wanted CPU time on average, in per cent of the type's `cpu`" }),
      metric: metric.optional().meta({ description: "A number that the app exposes, such as the length of a queue" }),
      up: duration("The lowest count asked for within it holds on the way up. Default none", hour).optional(),
      down: duration("The highest count asked for within it holds on the way down. Default 5m", hour).optional(),
    },
    { error: "keys `min:`, `max:` and `cpu:` or `metric:`" },
  )
  .meta({ description: "How the number of processes follows the load" });

export const limits: z.ZodObject = z
  .strictObject(
    {
      cpu: z
        .number({ error: "a number of cores, such as 0.5" })
        .min(0.01, { error: "at least 0.01" })
        .max(1024, { error: "at most 1024" })
        .optional()
        .meta({ description: "Cores. Default no bound" }),
      processes: z
        .int({ error: "a whole number" })
        .min(8, { error: "at least 8" })
        .max(4_194_304, { error: "at most 4194304" })
        .optional()
        .meta({ description: "Processes and threads. Default 4096" }),
      files: z
        .int({ error: "a whole number" })
        .min(64, { error: "at least 64" })
        .max(1_048_576, { error: "at most 1048576" })
        .optional()
        .meta({ description: "Open files of one process. Default the machine's" }),
    },
    { error: "keys `cpu:`, `processes:` and `files:`" },
  )
  .meta({ description: "What the kernel keeps a process below, with all that it starts" });

export const processDeclaration: z.ZodObject = z.strictObject(
  {
    command: command.meta({ description: "Run in the release's tree, without a package manager in between" }),
    scale: count.optional().meta({ description: "How many run unless the inventory or `douze scale` says otherwise. Default 1" }),
    health: health.optional(),
    grace: duration("From SIGTERM to SIGKILL. Default 30s, at most 1h", hour).optional(),
    busy: duration("How long after SIGTERM it may go on while it says in $DOUZE_BUSY that it is busy; at most 24h", day).optional(),
    boot: duration("From start to ready before the start counts as failed. Default 60s", hour).optional(),
    settle: duration("How long a process without a port must stay up to count as ready. Default 1s", hour).optional(),
    cpu: z
      .number({ error: "a number of cores, such as 0.5" })
      .min(0.01, { error: "at least 0.01" })
      .max(1024, { error: "at most 1024" })
      .optional()
      .meta({ description: "Cores that one process counts on. Default 1" }),
    autoscale: autoscale.optional(),
    memory: size("Resident memory of the process and its children above which it is restarted, such as 512MiB").optional(),
    limits: limits.optional(),
    socket: z
      .enum(socketWays, { error: oneOf(socketWays) })
      .optional()
      .meta({ description: "How a server hands over connections: auto, inherit (LISTEN_FDS) or route. Default auto" }),
    routed: flag.optional().meta({ description: "Whether the router sends requests here. Default: only `web`" }),
  },
  { error: "a command, or keys such as `command:`" },
);

export interface WrittenProcess {
  readonly command: string;
  readonly scale?: number;
  readonly health?: {
    readonly readiness?: string;
    readonly liveness?: string;
    readonly interval?: number;
    readonly timeout?: number;
    readonly failures?: number;
  };
  readonly grace?: number;
  readonly busy?: number;
  readonly boot?: number;
  readonly settle?: number;
  readonly cpu?: number;
  readonly autoscale?: WrittenAutoscale;
  readonly memory?: number;
  readonly limits?: { readonly cpu?: number; readonly processes?: number; readonly files?: number };
  readonly routed?: boolean;
  readonly socket?: SocketWay;
}

export interface WrittenAutoscale {
  readonly min: number;
  readonly max: number;
  readonly cpu?: number;
  readonly metric?: { readonly process: ProcessType; readonly path: string; readonly name?: string; readonly target: number };
  readonly up?: number;
  readonly down?: number;
}
