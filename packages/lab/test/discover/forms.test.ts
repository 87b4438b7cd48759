import { expect, test } from "vitest";
import { formsOf, linksOf } from "../../src/discover/forms.ts";

test("a form that is posted and takes a text is one to fill in", () => {
  const page = `<!doctype html><form action=/notes method=POST>
    <input type=hidden name=csrf value="t&amp;1"><input name=title><textarea name=text>x</textarea>
    <input type=checkbox name=agree><input type=submit name=go value=Go><input></form>`;
  expect(formsOf(page)).toEqual([{ action: "/notes", fixed: [["csrf", "t&1"]], texts: ["text", "title"] }]);
});

test("without an action it is the page's own", () => {
  expect(formsOf(`<form method="post"><input type="email" name="mail"></form>`)).toEqual([{ action: "", fixed: [], texts: ["mail"] }]);
});

test.for([
  ["is sent by GET", `<form action=/search><input name=q></form>`],
  ["uploads a file", `<form method=post enctype=multipart/form-data><input name=a></form>`],
  ["wants a file", `<form method=post><input name=a><input type=file name=f></form>`],
  ["wants a password", `<form method=post><input name=user><input type=password name=p></form>`],
  ["takes no text", `<form method=post><input type=hidden name=id value=1><button>Delete</button></form>`],
  ["stands in a comment", `<!-- <form method=post><input name=a></form> -->`],
  ["stands in a script", `<script>const a = '<form method=post><input name=a></form>'</script>`],
] as const)("one that %s is not", ([, page]) => {
  expect(formsOf(page)).toEqual([]);
});

test("links are given as they are written, from markup that is not even well formed", () => {
  expect(linksOf(`<ul><li><a href="/a?b=1&amp;c=2">a<li><A HREF=b>b</a><a name=x>x</a><a href='https://example.test/'>`)).toEqual([
    "/a?b=1&c=2",
    "b",
    "https://example.test/",
  ]);
  expect(linksOf("no page at all")).toEqual([]);
});
