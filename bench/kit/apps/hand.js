// The app by hand: what people write without the kit.
import { serve } from "@hono/node-server";
import { Hono } from "hono";

const log = (message, fields = {}) =>
  process.stdout.write(`${JSON.stringify({ time: new Date().toISOString(), level: "info", message, ...fields })}\n`);
const greeting = process.env.GREETING ?? "Hola";
const app = new Hono().get("/", (context) => context.text(`${greeting}\n`)).get("/livez", (context) => context.text("alive\n"));
const server = serve({ fetch: app.fetch, port: Number(process.env.PORT) }, ({ port }) => log("listening", { port }));
process.on("SIGTERM", () => server.close(() => process.exit(0)));
