import type { Build, Release } from "@douze/core";
import { versionName } from "@douze/core";

/** What an app on any Unix may expect to find, after its own and its runtime's folders. */
const systemPath = ["/usr/local/sbin", "/usr/local/bin", "/usr/sbin", "/usr/bin", "/sbin", "/bin"];

/**
 * The variables that all processes of a release get: config, attachments, and the platform's own. Pure, and made from nothing
 * else: a variable of the engine's environment never reaches an app.
 */
export function contractEnv(release: Release, build: Build, tree: string): Record<string, string> {
  const config = Object.entries(release.config).map(([key, { value }]) => [key, value]);
  const attachments = Object.values(release.attachments).map(({ as, url }) => [as, url]);
  const language = Object.entries(build.env).map(([key, value]) => [key, value.replaceAll("$TREE", tree)]);
  return {
    LANG: "C.UTF-8",
    ...Object.fromEntries(language),
    ...Object.fromEntries(config),
    ...Object.fromEntries(attachments),
    PATH: [...build.path.map((folder) => `${tree}/${folder}`), ...build.runtimes, ...systemPath].join(":"),
    DOUZE_APP: release.app,
    DOUZE_ENVIRONMENT: release.environment,
    DOUZE_RELEASE: versionName(release.version),
    DOUZE_BUILD: release.build,
    ...(release.source.commit !== undefined && { SOURCE_VERSION: release.source.commit }),
    ...telemetry(release),
    ...(release.manifest.source === "Procfile" && heroku(release)),
  };
}

/** Config wins: an app that declares one of these names its own. */
function telemetry(release: Release): Record<string, string> {
  const endpoint = Object.values(release.attachments).find(({ type }) => type === "otlp")?.url;
  const own = (name: string): string | undefined => release.config[name]?.value;
  const attributes = `service.version=${versionName(release.version)},deployment.environment.name=${release.environment}`;
  const given = own("OTEL_RESOURCE_ATTRIBUTES");
  return {
    OTEL_SERVICE_NAME: own("OTEL_SERVICE_NAME") ?? release.app,
    OTEL_RESOURCE_ATTRIBUTES: given ? `${attributes},${given}` : attributes,
    ...(endpoint !== undefined && { OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
  };
}

/** As Heroku's dyno metadata, which error trackers read. @see https://devcenter.heroku.com/articles/dyno-metadata */
function heroku(release: Release): Record<string, string> {
  return {
    HEROKU_APP_NAME: release.app,
    HEROKU_RELEASE_VERSION: versionName(release.version),
    HEROKU_RELEASE_CREATED_AT: instantText(release.createdAt),
    ...(release.source.commit !== undefined && { HEROKU_SLUG_COMMIT: release.source.commit, HEROKU_BUILD_COMMIT: release.source.commit }),
    HEROKU_SLUG_DESCRIPTION: release.description,
  };
}

function instantText(at: number): string {
  return new Date(at).toISOString();
}
