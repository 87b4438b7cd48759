/**
 * A pure function that keeps its last answer, for arguments that are the same ones. Those who use a connection say almost the same again
 * with each message, and reading it anew would be most of what a router does.
 */
export function remembered<Given extends readonly unknown[], Made>(make: (...given: Given) => Made): (...given: Given) => Made {
  let last: { readonly given: Given; readonly made: Made } | undefined;
  return (...given) => {
    if (last && given.every((each, index) => each === last?.given[index])) return last.made;
    last = { given, made: make(...given) };
    return last.made;
  };
}
