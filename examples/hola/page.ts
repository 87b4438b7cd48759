import type { components } from "./openapi.gen.ts";

type State = components["schemas"]["State"];

const escaped = (text: string): string => text.replace(/[&<>"']/g, (sign) => `&#${sign.charCodeAt(0)};`);

/** The page; it asks for `/state` every second, so that a live change, a job or a tick is seen without a reload. */
export function page(state: State): string {
  return `<!doctype html>
<html lang="es">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>hola</title>
<style>
  body { font: 1.1rem/1.6 system-ui, sans-serif; margin: 0; display: grid; place-items: center; min-height: 100vh; background: #f8fafc; color: #0f172a }
  main { max-width: 40rem; padding: 2rem }
  h1 { font-size: clamp(2rem, 8vw, 4rem); line-height: 1.1; margin: 0 0 2rem; color: ${escaped(state.accent)} }
  dl { display: grid; grid-template-columns: auto 1fr; gap: .25rem 1.5rem }
  dt { color: #64748b } dd { margin: 0; font-variant-numeric: tabular-nums }
  button { font: inherit; padding: .5rem 1rem; border: 0; border-radius: .4rem; background: ${escaped(state.accent)}; color: white; cursor: pointer }
</style>
<main>
  <h1 id="greeting">${escaped(state.greeting)}</h1>
  <dl>
    <dt>release</dt><dd id="release">${escaped(state.release)}</dd>
    <dt>process</dt><dd id="process">${escaped(state.process)}</dd>
    <dt>visits</dt><dd id="visits">${state.visits}</dd>
    <dt>jobs</dt><dd><span id="done">${state.done}</span> done, <span id="waiting">${state.waiting}</span> waiting</dd>
    <dt>last tick</dt><dd id="ticked">${state.ticked ?? "none yet"}</dd>
    <dt>signed</dt><dd>${state.signed ? "yes" : "no"}</dd>
  </dl>
  <form method="post" action="/jobs"><button>Give the worker a job</button></form>
</main>
<script>
  setInterval(async () => {
    const state = await (await fetch("/state")).json();
    for (const id of ["greeting", "release", "process", "visits", "done", "waiting", "ticked"]) {
      document.getElementById(id).textContent = state[id] ?? "none yet";
    }
  }, 1000);
</script>
</html>
`;
}
