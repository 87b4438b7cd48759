// Generated from openapi.yaml by `npm run generate -w tools/api`. Do not edit.
export interface paths {
    readonly "/v1/status": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** What this engine looks after */
        readonly get: operations["status"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/shutdown": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Stop all processes in order and end the engine
         * @description Answers at once; the socket disappears when all processes have ended.
         */
        readonly post: operations["shutDown"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/releases": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** All releases, oldest first */
        readonly get: operations["releases"];
        readonly put?: never;
        /**
         * Build, release and run
         * @description Builds the codebase, or takes a build that exists, makes a release of it and sees it through.
         */
        readonly post: operations["deploy"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/releases/{version}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** One release */
        readonly get: operations["release"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/releases/{from}/diff/{to}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** What differs between two releases */
        readonly get: operations["diff"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/rollback": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** What a rollback would change */
        readonly get: operations["rollbackPreview"];
        readonly put?: never;
        /**
         * Return to an earlier release
         * @description Makes a new release with the build, config, attachments and formation of an earlier one.
         */
        readonly post: operations["rollback"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/config": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The current release's config */
        readonly get: operations["config"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        /**
         * Set and unset values in the ledger
         * @description Makes one new release, unless all keys are live; those reach running processes without one.
         */
        readonly patch: operations["changeConfig"];
        readonly trace?: never;
    };
    readonly "/v1/config/{key}": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Where a value comes from */
        readonly get: operations["configKey"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/processes": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** All processes */
        readonly get: operations["processes"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/formation": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        /**
         * Say how many processes of each type should run
         * @description Types that are not named stay as they are.
         */
        readonly patch: operations["scale"];
        readonly trace?: never;
    };
    readonly "/v1/restart": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Replace processes, one after the other */
        readonly post: operations["restart"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/maintenance": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        /** Answer every request with the maintenance page, or stop doing so */
        readonly put: operations["maintenance"];
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/resources": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The resources of the current release */
        readonly get: operations["resources"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/resources/{resource}/attachment": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        /** Attach a resource, or swap it for another */
        readonly put: operations["attach"];
        readonly post?: never;
        /** Take a resource away */
        readonly delete: operations["detach"];
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/resources/{resource}/backups": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Back up an embedded resource */
        readonly post: operations["backup"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/resources/{resource}/restore": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Replace an embedded resource's data by a backup */
        readonly post: operations["restore"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/cron": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** The cron entries of the current release */
        readonly get: operations["cron"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/cron-runs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Runs of cron entries, missed ones too */
        readonly get: operations["cronRuns"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/cron/{entry}/runs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /** Start a cron entry now, beside its schedule */
        readonly post: operations["cronRun"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/runs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** One-offs */
        readonly get: operations["runs"];
        readonly put?: never;
        /** Start a command in the background, under the engine */
        readonly post: operations["runDetached"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/one-offs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        readonly put?: never;
        /**
         * Reserve a name for a one-off that the caller starts in its own terminal
         * @description The only answer that holds secrets: the whole environment of the current release, for a caller who may run code in
         *     it anyway. It must not be printed or kept.
         */
        readonly post: operations["oneOff"];
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/one-offs/{run}/outcome": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly get?: never;
        /** Say how such a one-off ended */
        readonly put: operations["oneOffEnded"];
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/logs": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /**
         * Stored lines, oldest first, then what comes
         * @description All conditions that are given must hold. With `follow` the answer goes on until the caller goes away. A failure
         *     on the way is a last line `{"problem": …}`.
         */
        readonly get: operations["logs"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/crashes": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** What is known about the last abnormal ends, newest first */
        readonly get: operations["crashes"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/scaling": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** How many of each autoscaled type run, and why */
        readonly get: operations["scaling"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
    readonly "/v1/drains": {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        /** Where the log goes, and how far it got */
        readonly get: operations["drains"];
        readonly put?: never;
        readonly post?: never;
        readonly delete?: never;
        readonly options?: never;
        readonly head?: never;
        readonly patch?: never;
        readonly trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        /**
         * @description What went wrong, as RFC 9457 has it.
         * @example {
         *       "type": "urn:douze:problem:process-unknown",
         *       "status": 404,
         *       "code": "process-unknown",
         *       "what": "there is no process type `wroker`",
         *       "why": "the current release has: web, worker",
         *       "fix": "`douze ps` lists what runs",
         *       "places": []
         *     }
         */
        readonly Problem: {
            /** @description `urn:douze:problem:` and the code */
            readonly type: string;
            /** @description The response's HTTP status */
            readonly status: number;
            /** @description Stable; documented in `docs/problems/<code>.md` */
            readonly code: string;
            /** @description What happened */
            readonly what: string;
            /** @description Why it happened */
            readonly why: string;
            /** @description What to do about it */
            readonly fix: string;
            /** @description Where */
            readonly places: readonly components["schemas"]["Place"][];
        };
        /** @description A place in a file that a person wrote. Lines and columns count from 1. */
        readonly Place: {
            readonly file: string;
            readonly line: number;
            readonly column: number;
        };
        /**
         * @description Milliseconds since the epoch
         * @example 1795190400000
         */
        readonly Instant: number;
        /**
         * @description Lower-case letters, digits and dashes, first a letter, at most 40
         * @example hola
         */
        readonly AppName: string;
        /**
         * @description Lower-case letters, digits and dashes, first a letter, at most 40
         * @example production
         */
        readonly EnvironmentName: string;
        /**
         * @description Letters, digits, `_` and `-`, at most 63
         * @example web
         */
        readonly ProcessType: string;
        /**
         * @description Number of a release, from 1; people see it as `v12`
         * @example 12
         */
        readonly ReleaseVersion: number;
        /** @description `sha256:` and 64 hexadecimal digits */
        readonly Digest: string;
        /**
         * @description Who asks: `user@host`
         * @example ada@laptop
         */
        readonly By: string;
        /**
         * @description Which layer a value came from; later ones win. `generated` is a secret made at the first release.
         * @enum {string}
         */
        readonly ConfigLayer: "manifest" | "generated" | "inventory" | "ledger" | "flag";
        /** @enum {string} */
        readonly ResourceType: "postgres" | "redis" | "mysql" | "mongodb" | "amqp" | "s3" | "smtp" | "otlp" | "http" | "tcp" | "llm";
        /**
         * @description How many processes of each type should run. A type that is not named runs none.
         * @example {
         *       "web": 2,
         *       "worker": 1
         *     }
         */
        readonly Formation: {
            readonly [key: string]: number;
        };
        /** @description Where the code came from. */
        readonly Source: {
            /** @description Absent when the folder is no git repository */
            readonly commit?: string;
            /** @description What was asked for: `HEAD`, a branch, a tag. Absent for the working tree */
            readonly ref?: string;
            /** @description Whether it was the working tree, with changes that no commit holds */
            readonly dirty: boolean;
            readonly tree: components["schemas"]["Digest"];
        };
        /**
         * @description How a process ended. `unknown` means that its end was not seen.
         * @example {
         *       "by": "exit",
         *       "code": 0
         *     }
         * @example {
         *       "by": "signal",
         *       "signal": "SIGTERM"
         *     }
         */
        readonly Outcome: {
            /** @constant */
            readonly by: "exit";
            readonly code: number;
        } | {
            /** @constant */
            readonly by: "signal";
            readonly signal: string;
        } | {
            /** @constant */
            readonly by: "unknown";
        };
        /**
         * @example {
         *       "app": "hola",
         *       "environment": "development",
         *       "running": true,
         *       "pid": 4711,
         *       "current": 12,
         *       "formation": {
         *         "web": 2,
         *         "worker": 1
         *       },
         *       "maintenance": false,
         *       "addresses": [
         *         "http://127.0.0.1:5000"
         *       ],
         *       "isolation": [
         *         "processes run as user 60706, which nobody else has",
         *         "limits are kept by cgroups: memory, cpu, pids"
         *       ]
         *     }
         */
        readonly Status: {
            readonly app: components["schemas"]["AppName"];
            readonly environment: components["schemas"]["EnvironmentName"];
            /** @description Whether processes are run by this engine; false when a command opened the state by itself */
            readonly running: boolean;
            /** @description Pid of the engine */
            readonly pid: number;
            readonly current?: components["schemas"]["ReleaseVersion"];
            /** @description A release on its way */
            readonly candidate?: components["schemas"]["ReleaseVersion"];
            readonly formation: components["schemas"]["Formation"];
            readonly maintenance: boolean;
            /** @description Where to open the app */
            readonly addresses: readonly string[];
            /** @description What stands between its processes and the machine */
            readonly isolation: readonly string[];
        };
        /**
         * @example {
         *       "ref": "main",
         *       "by": "ada@laptop"
         *     }
         */
        readonly DeployRequest: {
            /** @description A commit, branch or tag; absent: the working tree in development, HEAD elsewhere */
            readonly ref?: string;
            /** @description A build that exists, as `douze promote` gives it, in place of building */
            readonly build?: components["schemas"]["Digest"];
            /** @description Where that build was promoted from */
            readonly promotedFrom?: {
                readonly environment: components["schemas"]["EnvironmentName"];
                readonly version: components["schemas"]["ReleaseVersion"];
            };
            /** @description The working tree, with changes no commit holds */
            readonly workingTree?: boolean;
            /** @description Values for this release alone, over all other layers */
            readonly flags?: {
                readonly [key: string]: string;
            };
            /** @description Make no release when it would equal the last good one */
            readonly onlyIfChanged?: boolean;
            readonly by: components["schemas"]["By"];
        };
        /**
         * @example {
         *       "to": 11,
         *       "by": "ada@laptop"
         *     }
         */
        readonly RollbackRequest: {
            /** @description Absent: the last release that was good */
            readonly to?: components["schemas"]["ReleaseVersion"];
            readonly by: components["schemas"]["By"];
        };
        /**
         * @example {
         *       "set": {
         *         "GREETING": "Hola"
         *       },
         *       "unset": [
         *         "LEGACY_MODE"
         *       ],
         *       "by": "ada@laptop"
         *     }
         */
        readonly ConfigChange: {
            /** @description Values by key */
            readonly set: {
                readonly [key: string]: string;
            };
            /** @description Keys whose value in the ledger goes away */
            readonly unset: readonly string[];
            readonly by: components["schemas"]["By"];
        };
        /**
         * @example {
         *       "url": "postgres://app:change-me@db.internal:5432/app",
         *       "by": "ada@laptop"
         *     }
         */
        readonly AttachRequest: {
            /** @description Where it is, with the password; absent: what Douze provides by itself */
            readonly url?: string;
            /** @description Name of the variable, for a resource that the manifest does not declare. Default by type */
            readonly as?: string;
            readonly by: components["schemas"]["By"];
        };
        /**
         * @example {
         *       "formation": {
         *         "web": 3
         *       },
         *       "by": "ada@laptop"
         *     }
         */
        readonly ScaleRequest: {
            readonly formation: components["schemas"]["Formation"];
            readonly by: components["schemas"]["By"];
        };
        /**
         * @example {
         *       "names": [
         *         "web"
         *       ]
         *     }
         */
        readonly RestartRequest: {
            /** @description `web` names a type, `web.1` one process; none: all */
            readonly names: readonly string[];
        };
        /**
         * @example {
         *       "on": true
         *     }
         */
        readonly Maintenance: {
            readonly on: boolean;
        };
        /**
         * @example {
         *       "file": "backups/db-2026-11-20T030000Z.dump"
         *     }
         */
        readonly RestoreRequest: {
            /** @description Path of the backup on the engine's machine */
            readonly file: string;
        };
        /**
         * @example {
         *       "command": [
         *         "node",
         *         "migrate.js"
         *       ],
         *       "by": "ada@laptop"
         *     }
         */
        readonly RunRequest: {
            /** @description Program and arguments */
            readonly command: readonly string[];
            readonly by: components["schemas"]["By"];
        };
        /**
         * @example {
         *       "command": [
         *         "node"
         *       ],
         *       "by": "ada@laptop",
         *       "pid": 4812
         *     }
         */
        readonly OneOffRequest: {
            /** @description Program and arguments */
            readonly command: readonly string[];
            readonly by: components["schemas"]["By"];
            /** @description Pid of the caller; when it is gone the one-off counts as ended */
            readonly pid: number;
        };
        /**
         * @description One stage of a build or a release on its way. `output` is a line of the build's own.
         * @example {
         *       "stage": "build",
         *       "text": "npm ci"
         *     }
         */
        readonly ProgressEvent: {
            /** @constant */
            readonly stage: "build";
            readonly text: string;
        } | {
            /** @constant */
            readonly stage: "output";
            readonly text: string;
        } | {
            /** @constant */
            readonly stage: "release";
            readonly text: string;
            readonly release?: components["schemas"]["ReleaseVersion"];
        } | {
            /** @constant */
            readonly stage: "task";
            readonly text: string;
        } | {
            /** @constant */
            readonly stage: "process";
            readonly text: string;
        };
        /** @description The last line, when it failed. */
        readonly ProblemLine: {
            readonly problem: components["schemas"]["Problem"];
        };
        /** @description A line. */
        readonly ReleaseProgress: components["schemas"]["ProgressEvent"] | {
            readonly result: components["schemas"]["ReleaseView"];
        } | components["schemas"]["ProblemLine"];
        /** @description A line. */
        readonly ConfigProgress: components["schemas"]["ProgressEvent"] | {
            readonly result: components["schemas"]["ConfigChangeView"];
        } | components["schemas"]["ProblemLine"];
        readonly ReleaseReason: {
            /** @constant */
            readonly kind: "deploy";
        } | {
            /** @constant */
            readonly kind: "config";
            readonly set: readonly string[];
            readonly unset: readonly string[];
        } | {
            /** @constant */
            readonly kind: "attach";
            readonly resource: string;
        } | {
            /** @constant */
            readonly kind: "detach";
            readonly resource: string;
        } | {
            /** @constant */
            readonly kind: "rollback";
            readonly to: components["schemas"]["ReleaseVersion"];
        } | {
            /** @constant */
            readonly kind: "promote";
            readonly from: components["schemas"]["EnvironmentName"];
            readonly version: components["schemas"]["ReleaseVersion"];
        };
        /** @description What became of a release. One without it is still on its way. */
        readonly ReleaseOutcome: {
            /** @constant */
            readonly kind: "succeeded";
            readonly at: components["schemas"]["Instant"];
        } | {
            /** @constant */
            readonly kind: "failed";
            readonly at: components["schemas"]["Instant"];
            /** @enum {string} */
            readonly step: "task" | "resources" | "boot" | "superseded";
            readonly why: string;
        };
        readonly ReleaseView: {
            readonly version: components["schemas"]["ReleaseVersion"];
            /** @enum {string} */
            readonly status: "current" | "superseded" | "failed" | "pending";
            readonly build: components["schemas"]["Digest"];
            readonly source: components["schemas"]["Source"];
            /** @description One line for people: `deploy 4f2a91c`, `set GREETING`. Never a value */
            readonly description: string;
            readonly reason: components["schemas"]["ReleaseReason"];
            readonly by: string;
            readonly createdAt: components["schemas"]["Instant"];
            readonly outcome?: components["schemas"]["ReleaseOutcome"];
            readonly formation: components["schemas"]["Formation"];
            readonly config: readonly components["schemas"]["ConfigView"][];
            readonly attachments: readonly components["schemas"]["AttachmentView"][];
            /** @description What a prompt of the app is started with */
            readonly console?: string;
            /** @description The manifest's process types, and what bounds each */
            readonly processes: {
                readonly [key: string]: components["schemas"]["ProcessLimits"];
            };
        };
        /** @description What is absent is not bounded */
        readonly ProcessLimits: {
            readonly memoryBytes?: number;
            readonly cores?: number;
            readonly processes?: number;
            readonly files?: number;
        };
        /**
         * @example {
         *       "key": "GREETING",
         *       "value": "Hola",
         *       "secret": false,
         *       "live": true,
         *       "from": "ledger",
         *       "since": 9,
         *       "by": "ada@laptop",
         *       "at": 1795190400000
         *     }
         */
        readonly ConfigView: {
            readonly key: string;
            /** @description Absent for secrets */
            readonly value?: string;
            readonly secret: boolean;
            readonly live: boolean;
            readonly from: components["schemas"]["ConfigLayer"];
            /** @description The release that first had this value from this layer */
            readonly since: components["schemas"]["ReleaseVersion"];
            readonly by: string;
            readonly at: components["schemas"]["Instant"];
        };
        readonly ConfigChangeView: {
            /** @description Absent when all keys were live */
            readonly release?: components["schemas"]["ReleaseView"];
            /** @description Keys that reached running processes at once */
            readonly live: readonly string[];
        };
        readonly ConfigWhy: {
            readonly key: string;
            readonly current?: components["schemas"]["ConfigView"];
            /** @description Every layer that has a value, the winner first */
            readonly layers: readonly {
                readonly from: components["schemas"]["ConfigLayer"];
                /** @description Absent for secrets */
                readonly value?: string;
                readonly secret: boolean;
                /** @description The file, or the release that set it */
                readonly where: string;
            }[];
            readonly description?: string;
            readonly type: string;
            readonly required: boolean;
        };
        readonly AttachmentView: {
            readonly resource: string;
            readonly type: components["schemas"]["ResourceType"];
            /** @description Name of the variable */
            readonly as: string;
            /** @enum {string} */
            readonly kind: "embedded" | "url";
            /** @description Host and port alone; the URL carries a password */
            readonly at: string;
            readonly since: components["schemas"]["ReleaseVersion"];
        };
        readonly ReleaseDiff: {
            readonly from: components["schemas"]["ReleaseVersion"];
            readonly to: components["schemas"]["ReleaseVersion"];
            /** @description Absent when both have the same */
            readonly build?: {
                readonly from: components["schemas"]["Digest"];
                readonly to: components["schemas"]["Digest"];
                readonly fromCommit?: string;
                readonly toCommit?: string;
            };
            readonly config: readonly components["schemas"]["Change"][];
            readonly attachments: readonly components["schemas"]["Change"][];
            readonly formation: readonly components["schemas"]["Change"][];
            /** @description Process types and cron entries added, removed or changed */
            readonly manifest: readonly components["schemas"]["Change"][];
        };
        readonly Change: {
            readonly name: string;
            /** @enum {string} */
            readonly change: "added" | "removed" | "changed";
            /** @description Absent for secrets */
            readonly from?: string;
            /** @description Absent for secrets */
            readonly to?: string;
        };
        /**
         * @example {
         *       "name": "web.1",
         *       "process": "web",
         *       "index": 1,
         *       "release": 12,
         *       "phase": "ready",
         *       "pid": 4720,
         *       "startedAt": 1795190400000,
         *       "restarts": 0,
         *       "memoryBytes": 61865984,
         *       "port": 41873,
         *       "command": "node server.js"
         *     }
         */
        readonly ProcessView: {
            /** @description `web.1` */
            readonly name: string;
            readonly process: components["schemas"]["ProcessType"];
            readonly index: number;
            readonly release: components["schemas"]["ReleaseVersion"];
            /** @enum {string} */
            readonly phase: "starting" | "ready" | "stopping" | "exited";
            readonly pid?: number;
            readonly startedAt?: components["schemas"]["Instant"];
            readonly restartAt?: components["schemas"]["Instant"];
            /** @description How often it was started again after an end that nobody asked for */
            readonly restarts: number;
            /** @description Resident memory of the whole process group */
            readonly memoryBytes?: number;
            readonly port?: number;
            /** @description Through what it gets its requests: the public socket itself, or the router */
            readonly requests?: {
                /** @enum {string} */
                readonly via: "socket" | "router";
                /** @description Why it is the router */
                readonly why?: string;
            };
            readonly command: string;
            /** @description In words, for the last end: `exited with status 3, 12 s ago` */
            readonly last?: string;
        };
        readonly ResourceView: {
            readonly resource: string;
            readonly type: components["schemas"]["ResourceType"];
            /** @description Name of the variable */
            readonly as: string;
            readonly required: boolean;
            /**
             * @description Absent when nothing is attached
             * @enum {string}
             */
            readonly kind?: "embedded" | "url";
            /** @description Host and port alone */
            readonly at?: string;
            readonly reachable: boolean;
            /** @description Version of the server, or why it cannot be reached */
            readonly detail: string;
        };
        readonly BackupView: {
            readonly file: string;
            readonly sizeBytes: number;
        };
        readonly CronView: {
            readonly entry: string;
            readonly schedule: string;
            readonly timeZone: string;
            /** @enum {string} */
            readonly overlap: "forbid" | "allow" | "replace";
            readonly command: string;
            readonly next?: components["schemas"]["Instant"];
            readonly last?: components["schemas"]["CronRunView"];
        };
        readonly CronRunView: {
            readonly entry: string;
            readonly run: string;
            readonly scheduledAt: components["schemas"]["Instant"];
            readonly release?: components["schemas"]["ReleaseVersion"];
            readonly startedAt?: components["schemas"]["Instant"];
            readonly endedAt?: components["schemas"]["Instant"];
            /**
             * @description `missed`: no engine was running. `skipped`: the last run had not ended.
             * @enum {string}
             */
            readonly result: "running" | "succeeded" | "failed" | "timed-out" | "missed" | "skipped" | "replaced";
            readonly outcome?: components["schemas"]["Outcome"];
        };
        readonly RunView: {
            readonly run: string;
            readonly command: string;
            readonly release: components["schemas"]["ReleaseVersion"];
            readonly by: string;
            readonly startedAt: components["schemas"]["Instant"];
            readonly endedAt?: components["schemas"]["Instant"];
            readonly outcome?: components["schemas"]["Outcome"];
        };
        readonly OneOff: {
            readonly run: string;
            readonly release: components["schemas"]["ReleaseVersion"];
            readonly place: {
                readonly cwd: string;
                /** @description Holds secrets */
                readonly env: {
                    readonly [key: string]: string;
                };
                /** @description Whom it runs as; absent, as whoever starts it */
                readonly user?: {
                    readonly uid: number;
                    readonly gid: number;
                };
            };
        };
        /**
         * @description One line of the event stream.
         * @example {
         *       "at": 1795190400000,
         *       "process": "web.1",
         *       "release": "v12",
         *       "stream": "stdout",
         *       "text": "listening on 41873"
         *     }
         */
        readonly LogLine: {
            readonly at: components["schemas"]["Instant"];
            /** @description `web.1`, `release.4`, `run.7`, `cron.report.3`, `router`, `douze` */
            readonly process: string;
            /** @description `v12`; empty where there is none */
            readonly release: string;
            /** @enum {string} */
            readonly stream: "stdout" | "stderr";
            /** @description Without its newline. Bytes that are no UTF-8 are replaced */
            readonly text: string;
            /**
             * @description The line was longer than the bound and goes on in the next one
             * @constant
             */
            readonly continued?: true;
        };
        readonly ScalingView: {
            readonly process: components["schemas"]["ProcessType"];
            readonly count: number;
            readonly min: number;
            readonly max: number;
            /** @description In words: `cpu 93 % of 70 %, so 4` */
            readonly why: string;
            readonly at?: components["schemas"]["Instant"];
        };
        readonly DrainView: {
            readonly name: string;
            /** @description Where it leads, without what may be a password: `https://logs.example.org` */
            readonly to: string;
            /** @description Lines that it took since it was declared */
            readonly sent: number;
            /** @description Lines that it did not get: deleted by retention first, or refused */
            readonly dropped: number;
            /** @description How much of the store it has still to get */
            readonly behindBytes: number;
            /** @description Why it cannot be reached */
            readonly trouble?: string;
            readonly since?: components["schemas"]["Instant"];
        };
        /** @description What is kept of an abnormal end. */
        readonly CrashBundle: {
            readonly id: string;
            /** @description `web.1` */
            readonly process: string;
            readonly release: components["schemas"]["ReleaseVersion"];
            readonly at: components["schemas"]["Instant"];
            readonly startedAt: components["schemas"]["Instant"];
            /** @description In words: `exited with status 3`, `killed by SIGSEGV` */
            readonly ending: string;
            readonly command: string;
            /** @description Resident bytes of the process group when last seen */
            readonly memoryBytes?: number;
            readonly restarts: number;
            /** @description Its last lines, oldest first, with secrets masked */
            readonly lines: readonly components["schemas"]["LogLine"][];
        };
    };
    responses: {
        /**
         * @description 400 the request is malformed · 404 what it names does not exist · 405 the path has no such method · 409 something is in
         *     the way now · 413 the body is too large · 415 the body is no JSON · 422 the request is understood but cannot be done ·
         *     500 a defect of Douze
         */
        readonly Problem: {
            headers: {
                readonly [name: string]: unknown;
            };
            content: {
                readonly "application/problem+json": components["schemas"]["Problem"];
            };
        };
    };
    parameters: {
        /**
         * @description Number of the release
         * @example 12
         */
        readonly version: components["schemas"]["ReleaseVersion"];
        /**
         * @description Name of the resource
         * @example db
         */
        readonly resource: string;
    };
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type $defs = Record<string, never>;
export interface operations {
    readonly status: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The environment as it stands */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Status"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly shutDown: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The engine is ending */
            readonly 202: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly releases: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The ledger, without the values of secrets */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["ReleaseView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly deploy: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["DeployRequest"];
            };
        };
        readonly responses: {
            /** @description Progress, then the release */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": components["schemas"]["ReleaseProgress"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly release: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Number of the release
                 * @example 12
                 */
                readonly version: components["parameters"]["version"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The release, without the values of secrets */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ReleaseView"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly diff: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /** @description Number of the release to compare from */
                readonly from: components["schemas"]["ReleaseVersion"];
                /** @description Number of the release to compare with */
                readonly to: components["schemas"]["ReleaseVersion"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The differences; values of secrets are never shown */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ReleaseDiff"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly rollbackPreview: {
        readonly parameters: {
            readonly query?: {
                /** @description Number of the release to return to; absent, the last one that was good */
                readonly to?: components["schemas"]["ReleaseVersion"];
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The differences between the current release and the one to return to */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ReleaseDiff"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly rollback: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RollbackRequest"];
            };
        };
        readonly responses: {
            /** @description Progress, then the release */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": components["schemas"]["ReleaseProgress"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly config: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description All keys; `value` is absent for secrets */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["ConfigView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly changeConfig: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ConfigChange"];
            };
        };
        readonly responses: {
            /** @description Progress, then what changed */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": components["schemas"]["ConfigProgress"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly configKey: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Name of the variable
                 * @example GREETING
                 */
                readonly key: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The value and every layer that has one, the winner first */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["ConfigWhy"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly processes: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The processes of all releases that have any; none when no driver runs */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["ProcessView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly scale: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["ScaleRequest"];
            };
        };
        readonly responses: {
            /** @description The whole formation */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["Formation"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly restart: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RestartRequest"];
            };
        };
        readonly responses: {
            /** @description They are being replaced */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly maintenance: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["Maintenance"];
            };
        };
        readonly responses: {
            /** @description Done */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly resources: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Declared and attached resources, each with whether it answers */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["ResourceView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly attach: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Name of the resource
                 * @example db
                 */
                readonly resource: components["parameters"]["resource"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["AttachRequest"];
            };
        };
        readonly responses: {
            /** @description Progress, then the release */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": components["schemas"]["ReleaseProgress"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly detach: {
        readonly parameters: {
            readonly query: {
                /**
                 * @description Who asks
                 * @example ada@laptop
                 */
                readonly by: components["schemas"]["By"];
            };
            readonly header?: never;
            readonly path: {
                /**
                 * @description Name of the resource
                 * @example db
                 */
                readonly resource: components["parameters"]["resource"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Progress, then the release */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": components["schemas"]["ReleaseProgress"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly backup: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Name of the resource
                 * @example db
                 */
                readonly resource: components["parameters"]["resource"];
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The backup's file, on the engine's machine */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["BackupView"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly restore: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Name of the resource
                 * @example db
                 */
                readonly resource: components["parameters"]["resource"];
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RestoreRequest"];
            };
        };
        readonly responses: {
            /** @description Restored */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly cron: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Each entry with its next and its last run */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["CronView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly cronRuns: {
        readonly parameters: {
            readonly query?: {
                /**
                 * @description Only this entry's
                 * @example report
                 */
                readonly entry?: string;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The recorded runs */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["CronRunView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly cronRun: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Name of the entry in the manifest
                 * @example report
                 */
                readonly entry: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description It was started */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["CronRunView"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly runs: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The recorded one-offs, attached and detached */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["RunView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly runDetached: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["RunRequest"];
            };
        };
        readonly responses: {
            /** @description It was started; its output is in the logs under its name */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["RunView"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly oneOff: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["OneOffRequest"];
            };
        };
        readonly responses: {
            /** @description Where and with what to start it */
            readonly 201: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": components["schemas"]["OneOff"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly oneOffEnded: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path: {
                /**
                 * @description Name that was reserved
                 * @example run.7
                 */
                readonly run: string;
            };
            readonly cookie?: never;
        };
        readonly requestBody: {
            readonly content: {
                readonly "application/json": components["schemas"]["Outcome"];
            };
        };
        readonly responses: {
            /** @description Recorded */
            readonly 204: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content?: never;
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly logs: {
        readonly parameters: {
            readonly query?: {
                /**
                 * @description Only these processes; `web` means every `web.N`. May be given more than once
                 * @example [
                 *       "web",
                 *       "worker.1"
                 *     ]
                 */
                readonly process?: readonly string[];
                /** @description Only lines of this instant or later */
                readonly since?: components["schemas"]["Instant"];
                /** @description Only lines before this instant */
                readonly until?: components["schemas"]["Instant"];
                /**
                 * @description A regular expression that the text matches
                 * @example timeout|refused
                 */
                readonly grep?: string;
                /**
                 * @description Only the last N lines of what is stored
                 * @example 100
                 */
                readonly last?: number;
                /** @description Go on with what comes */
                readonly follow?: boolean;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The lines */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/x-ndjson": components["schemas"]["LogLine"];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly crashes: {
        readonly parameters: {
            readonly query?: {
                /**
                 * @description Only this process's or this type's
                 * @example web.1
                 */
                readonly process?: string;
            };
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Crash bundles */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["CrashBundle"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly scaling: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description The types that are autoscaled */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["ScalingView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
    readonly drains: {
        readonly parameters: {
            readonly query?: never;
            readonly header?: never;
            readonly path?: never;
            readonly cookie?: never;
        };
        readonly requestBody?: never;
        readonly responses: {
            /** @description Drains of the inventory */
            readonly 200: {
                headers: {
                    readonly [name: string]: unknown;
                };
                content: {
                    readonly "application/json": readonly components["schemas"]["DrainView"][];
                };
            };
            readonly default: components["responses"]["Problem"];
        };
    };
}
