import { serve } from "@hono/node-server";
import { Hono } from "hono";

const app = new Hono().get("/", (context) => context.text("Hola\n"));
serve({ fetch: app.fetch, port: Number(process.env.PORT) }, ({ port }) => console.log(`{"port":${port}}`));
