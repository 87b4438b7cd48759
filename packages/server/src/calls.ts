import type { Calls } from "./agreement.ts";

/** How each operation's arguments travel: the client packs what the server unpacks. */
export const calls: Calls = {
  status: nothing(),
  shutDown: nothing(),
  releases: nothing(),
  config: nothing(),
  processes: nothing(),
  resources: nothing(),
  cron: nothing(),
  runs: nothing(),
  drains: nothing(),
  scaling: nothing(),
  deploy: body(),
  changeConfig: body(),
  rollback: body(),
  scale: body(),
  runDetached: body(),
  oneOff: body(),
  release: {
    pack: (version) => ({ path: { version }, query: {}, body: undefined }),
    unpack: ({ path }) => [path.version],
  },
  diff: {
    pack: (from, to) => ({ path: { from, to }, query: {}, body: undefined }),
    unpack: ({ path }) => [path.from, path.to],
  },
  rollbackPreview: {
    pack: (to) => ({ path: {}, query: to === undefined ? {} : { to }, body: undefined }),
    unpack: ({ query }) => (query.to === undefined ? [] : [query.to]),
  },
  configKey: {
    pack: (key) => ({ path: { key }, query: {}, body: undefined }),
    unpack: ({ path }) => [path.key],
  },
  restart: {
    pack: (names) => ({ path: {}, query: {}, body: { names } }),
    unpack: ({ body }) => [body.names],
  },
  maintenance: {
    pack: (on) => ({ path: {}, query: {}, body: { on } }),
    unpack: ({ body }) => [body.on],
  },
  attach: {
    pack: ({ resource, ...body }) => ({ path: { resource }, query: {}, body }),
    unpack: ({ path, body }) => [{ ...path, ...body }],
  },
  detach: {
    pack: ({ resource, by }) => ({ path: { resource }, query: { by }, body: undefined }),
    unpack: ({ path, query }) => [{ ...path, ...query }],
  },
  backup: {
    pack: (resource) => ({ path: { resource }, query: {}, body: undefined }),
    unpack: ({ path }) => [path.resource],
  },
  restore: {
    pack: ({ resource, file }) => ({ path: { resource }, query: {}, body: { file } }),
    unpack: ({ path, body }) => [{ ...path, ...body }],
  },
  cronRuns: {
    pack: (entry) => ({ path: {}, query: entry === undefined ? {} : { entry }, body: undefined }),
    unpack: ({ query }) => (query.entry === undefined ? [] : [query.entry]),
  },
  cronRun: {
    pack: (entry) => ({ path: { entry }, query: {}, body: undefined }),
    unpack: ({ path }) => [path.entry],
  },
  oneOffEnded: {
    pack: ({ run, outcome }) => ({ path: { run }, query: {}, body: outcome }),
    unpack: ({ path, body }) => [{ ...path, outcome: body }],
  },
  logs: {
    pack: ({ processes, ...query }) => ({
      path: {},
      query: processes === undefined ? query : { ...query, process: processes },
      body: undefined,
    }),
    unpack: ({ query: { process, ...query } }) => [process === undefined ? query : { ...query, processes: process }],
  },
  crashes: {
    pack: (process) => ({ path: {}, query: process === undefined ? {} : { process }, body: undefined }),
    unpack: ({ query }) => (query.process === undefined ? [] : [query.process]),
  },
};

type Nothing = Readonly<Record<string, never>>;

/** An operation that takes nothing. */
function nothing(): { readonly pack: () => { path: Nothing; query: Nothing; body: undefined }; readonly unpack: () => [] } {
  return { pack: () => ({ path: {}, query: {}, body: undefined }), unpack: () => [] };
}

/** An operation whose one argument is the body. */
function body<B>(): {
  readonly pack: (body: B) => { path: Nothing; query: Nothing; body: B };
  readonly unpack: (message: { readonly body: B }) => [B];
} {
  return { pack: (body) => ({ path: {}, query: {}, body }), unpack: ({ body }) => [body] };
}
