import { greeting } from "./config.js";

export function frontPage(notes) {
  const items = notes.map(({ id, text }) => `<li><a href="/notes/${id}">${escaped(text)}</a></li>`);
  return page(`<h1>${escaped(greeting)}</h1>
<form method="post" action="/notes"><input name="text" placeholder="a note" required> <button>Keep</button></form>
<ul>${items.join("\n")}</ul>
<form method="post" action="/jobs"><button>Work</button></form>
<p><a href="/visits">visits</a> <a href="/jobs">jobs</a></p>`);
}

export function notePage({ text }) {
  return page(`<h1>${escaped(text)}</h1>\n<p><a href="/">all notes</a></p>`);
}

function page(body) {
  return `<!doctype html>\n<html lang="en"><meta charset="utf-8"><title>Notes</title>\n<body>${body}</body></html>\n`;
}

function escaped(text) {
  return text.replace(/[&<>"]/g, (sign) => `&#${sign.charCodeAt(0)};`);
}
