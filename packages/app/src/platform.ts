/** What the platform says of the process. Each is absent where there is no platform, or one that says nothing of it. */
export interface Platform {
  /** `shop` */
  readonly app: string | undefined;
  /** `production` */
  readonly environment: string | undefined;
  /** `web.1` */
  readonly process: string | undefined;
  /** `v12` */
  readonly release: string | undefined;
  /** `sha256:…` */
  readonly build: string | undefined;
}

const said = (name: string): string | undefined => process.env[name] || undefined;

/** Where this process runs, and as what. */
export const platform: Platform = {
  app: said("DOUZE_APP"),
  environment: said("DOUZE_ENVIRONMENT"),
  process: said("DOUZE_PROCESS"),
  release: said("DOUZE_RELEASE"),
  build: said("DOUZE_BUILD"),
};
