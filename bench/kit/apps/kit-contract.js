// The same by a contract: routes, checks of requests and of answers.
import { run } from "@douze/app";
import { contract } from "@douze/app/api";
import { serve } from "@douze/app/web";

const document = {
  openapi: "3.1.0",
  info: { title: "hola", version: "1" },
  paths: {
    "/": {
      get: {
        operationId: "hola",
        responses: { 200: { description: "It says so", content: { "text/plain": { schema: { type: "string" } } } } },
      },
    },
  },
};
const api = await contract(document, { hola: () => ({ status: 200, body: "Hola\n" }) });
await run({ processes: { web: () => serve(api) } });
