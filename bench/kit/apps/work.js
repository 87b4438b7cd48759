// The same by the kit.
import { stopProcess } from "@douze/app";
import { postgres } from "@douze/app/postgres";
import { work } from "@douze/app/work";

const count = 3_000;
let left = count;
const { promise, resolve } = Promise.withResolvers();
const jobs = work(postgres(process.env.DATABASE_URL), {
  note: {
    run: () => {
      if (--left === 0) resolve();
    },
  },
});
await jobs.migrate();
const begun = performance.now();
const each = async () => {
  for (let index = 0; index < count / 8; index++) await jobs.add("note", { index });
};
await Promise.all(Array.from({ length: 8 }, each));
await jobs.start({ concurrency: 5 });
await promise;
console.log(JSON.stringify({ rate: count / ((performance.now() - begun) / 1000) }));
await stopProcess(0);
