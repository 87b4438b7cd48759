/** A way of reading a page: what stays the same for the same visitor, however often it is asked for. */
export type Reading = (page: string) => string;

const asIs: Reading = (page) => page;
/** Tokens against forgery, nonces and ids of requests are made anew for each answer. */
const withoutTokens: Reading = (page) => page.replace(/[A-Za-z0-9+/=_-]{16,}/g, "#");
/** Counts and times change by themselves. */
const withoutNumbers: Reading = (page) => withoutTokens(page).replace(/\d+/g, "#");

/**
 * The way of reading by which a page shows that it knows a visitor: two strangers get the same, and the visitor does not. Nothing where
 * there is none: the page says nothing of visitors then. Pure.
 */
export function readingOf(page: { readonly first: string; readonly stranger: string; readonly known: string }): Reading | undefined {
  const { first, stranger, known } = page;
  return [asIs, withoutTokens, withoutNumbers].find((read) => read(first) === read(stranger) && read(known) !== read(stranger));
}
