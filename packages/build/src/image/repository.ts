/** Where images of one name lie: `registry.example.org:5000/team/shop`. */
export interface Repository {
  /** With its port, where it has one. */
  readonly registry: string;
  readonly path: string;
}

export function repositoryOf(text: string): Repository {
  const slash = text.indexOf("/");
  return { registry: text.slice(0, slash), path: text.slice(slash + 1) };
}

/** `https:`, but for a registry on this machine, which needs no certificate. */
export function originOf({ registry }: Repository): string {
  return `${/^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(registry) ? "http" : "https"}://${registry}`;
}
