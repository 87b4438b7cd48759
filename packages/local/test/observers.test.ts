import { expect, test } from "vitest";
import { Observers } from "../src/observers.ts";

test("each observer gets what is, then what it has become, several changes as one", async ({ signal }) => {
  let state = 0;
  const observers = new Observers(() => state);
  const [one, two] = [observers.observe(signal), observers.observe(signal)];
  expect((await one.next()).value).toBe(0);
  for (state = 1; state < 5; state++) observers.changed();
  expect((await one.next()).value).toBe(5);
  expect((await two.next()).value).toBe(5);
  observers.changed();
  expect((await two.next()).value).toBe(5);
  await one.return(undefined);
  await two.return(undefined);
});

test("what changes while an observer is busy is not missed", async ({ signal }) => {
  let state = 0;
  const observers = new Observers(() => state);
  const seen: number[] = [];
  for await (const each of observers.observe(signal)) {
    seen.push(each);
    if (each === 3) break;
    state = each + 1;
    observers.changed();
  }
  expect(seen).toEqual([0, 1, 2, 3]);
});

test("an abort ends it in peace, an end of the driver too, a defect with its error", async () => {
  const observers = new Observers(() => 0);
  const abort = new AbortController();
  const aborted = observers.observe(abort.signal);
  await aborted.next();
  const last = aborted.next();
  abort.abort();
  expect(await last).toEqual({ done: true, value: undefined });
  const ended = observers.observe(new AbortController().signal);
  await ended.next();
  observers[Symbol.dispose]();
  expect([(await ended.next()).done, (await ended.next()).done]).toEqual([false, true]);
  observers.fail(new TypeError("a defect"));
  await expect(observers.observe(new AbortController().signal).next()).rejects.toThrow("a defect");
});
