import type { ResourceType } from "./manifest.ts";

const variables: Partial<Record<ResourceType, string>> = {
  postgres: "DATABASE_URL",
  redis: "REDIS_URL",
  mysql: "DATABASE_URL",
  mongodb: "MONGODB_URL",
  amqp: "AMQP_URL",
  smtp: "SMTP_URL",
  s3: "S3_URL",
  otlp: "OTEL_EXPORTER_OTLP_ENDPOINT",
};

/** The variable of a resource: its type's own, or, for a second one of a type, one with its name in front. */
export function variableFor(type: ResourceType, resource: string, taken: ReadonlySet<string>): string {
  const own = variables[type];
  if (own !== undefined && !taken.has(own)) return own;
  const upper = resource.toUpperCase().replace(/[^A-Z0-9]/g, "_");
  // No variable begins with a digit.
  return `${/^[0-9]/.test(upper) ? "_" : ""}${upper}_${own ?? "URL"}`;
}
