// graphile-worker alone: adds jobs one by one, eight at a time, and works them off.
import { makeWorkerUtils, run } from "graphile-worker";

const count = 3_000;
const connectionString = process.env.DATABASE_URL;
const utils = await makeWorkerUtils({ connectionString });
await utils.migrate();
let left = count;
const { promise, resolve } = Promise.withResolvers();
const begun = performance.now();
const each = async () => {
  for (let index = 0; index < count / 8; index++) await utils.addJob("note", { index });
};
await Promise.all(Array.from({ length: 8 }, each));
const runner = await run({
  connectionString,
  concurrency: 5,
  noHandleSignals: true,
  taskList: { note: async () => --left === 0 && resolve() },
});
await promise;
console.log(JSON.stringify({ rate: count / ((performance.now() - begun) / 1000) }));
await runner.stop();
await utils.release();
