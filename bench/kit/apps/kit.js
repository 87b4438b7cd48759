// The same app by the kit.
import { defineConfig, run } from "@douze/app";
import { serve } from "@douze/app/web";
import { Hono } from "hono";

const config = defineConfig({ GREETING: { default: "Hola" } });
const app = new Hono().get("/", (context) => context.text(`${config.GREETING}\n`));
await run({ config, processes: { web: () => serve(app) } });
