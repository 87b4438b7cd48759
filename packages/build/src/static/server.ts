// Serves the files of a static site: the process behind `web` where a codebase is an index.html and nothing else.
import { createReadStream, type Stats } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { extname, join, normalize, sep } from "node:path";
import { pipeline } from "node:stream/promises";

const types: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".mjs": "text/javascript; charset=utf-8",
  ".json": "application/json",
  ".txt": "text/plain; charset=utf-8",
  ".svg": "image/svg+xml",
  ".png": "image/png",
  ".jpg": "image/jpeg",
  ".jpeg": "image/jpeg",
  ".gif": "image/gif",
  ".webp": "image/webp",
  ".avif": "image/avif",
  ".ico": "image/x-icon",
  ".woff2": "font/woff2",
  ".wasm": "application/wasm",
  ".pdf": "application/pdf",
  ".xml": "application/xml",
};

const root = await realpath(process.cwd());
let draining = false;

const server = createServer((request, response) => {
  if (draining) response.setHeader("connection", "close");
  answer(request, response).catch((error: unknown) => {
    console.error(JSON.stringify({ level: "error", msg: String(error), path: request.url }));
    if (!response.headersSent) response.writeHead(500);
    response.end();
  });
});
server.keepAliveTimeout = 95_000;
server.listen(Number(process.env["PORT"] ?? 3000), process.env["HOST"] ?? "127.0.0.1");
process.on("SIGTERM", () => {
  draining = true;
  server.close(() => process.exit(0));
});

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD") return end(response, 405, { allow: "GET, HEAD" });
  const path = pathOf(request.url ?? "/");
  const found = path === undefined ? undefined : await find(path);
  if (!found) return end(response, 404);
  const { file, stats } = found;
  const etag = `"${stats.size.toString(36)}-${Math.floor(stats.mtimeMs).toString(36)}-${stats.ino.toString(36)}"`;
  response.setHeader("etag", etag);
  response.setHeader("content-type", types[extname(file).toLowerCase()] ?? "application/octet-stream");
  response.setHeader("x-content-type-options", "nosniff");
  response.setHeader("accept-ranges", "bytes");
  if (request.headers["if-none-match"]?.split(/\s*,\s*/).includes(etag)) return end(response, 304);
  const range = rangeOf(request.headers.range, stats.size);
  if (range === "unsatisfiable") return end(response, 416, { "content-range": `bytes */${stats.size}` });
  const { start, end: last } = range ?? { start: 0, end: stats.size - 1 };
  response.writeHead(range ? 206 : 200, {
    "content-length": Math.max(0, last - start + 1),
    ...(range && { "content-range": `bytes ${start}-${last}/${stats.size}` }),
  });
  if (request.method === "HEAD" || stats.size === 0) return void response.end();
  await pipeline(createReadStream(file, { start, end: last }), response).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
  });
}

/** Decoded and without a query; nothing for what is malformed, leaves the folder, or is hidden. */
function pathOf(url: string): string | undefined {
  try {
    const path = normalize(decodeURIComponent(url.split(/[?#]/, 1)[0] ?? "/"));
    const hidden = path.split("/").some((part) => part.startsWith(".") && part !== ".well-known");
    return path.startsWith("/") && !hidden && !path.includes("\0") ? path : undefined;
  } catch {
    return undefined;
  }
}

async function find(path: string): Promise<{ readonly file: string; readonly stats: Stats } | undefined> {
  for (const candidate of [path, join(path, "index.html"), `${path.replace(/\/$/, "")}.html`]) {
    try {
      const file = await realpath(join(root, candidate));
      const stats = await stat(file);
      if (stats.isFile() && file.startsWith(root + sep)) return { file, stats };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== "ENOENT" && code !== "ENOTDIR" && code !== "ENAMETOOLONG") throw error;
    }
  }
  return undefined;
}

function rangeOf(header: string | undefined, size: number): { readonly start: number; readonly end: number } | "unsatisfiable" | undefined {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return undefined;
  const start = from === "" ? Math.max(0, size - Number(to)) : Number(from);
  const end = from === "" || to === "" ? size - 1 : Math.min(size - 1, Number(to));
  return start > end || start >= size ? "unsatisfiable" : { start, end };
}

function end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
  response.writeHead(status, headers).end();
}
