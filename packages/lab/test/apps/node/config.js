/** Config is the environment's. EX_CONFIG tells the platform that trying again is no use. */
const configError = 78;

function required(name) {
  const value = process.env[name];
  if (value) return value;
  console.log(`${name} is missing: set it in the environment`);
  process.exit(configError);
}

export const databaseUrl = required("DATABASE_URL");
export const sessionSecret = required("SESSION_SECRET");
export const greeting = process.env.GREETING ?? "Hello";
// Not localhost: a router on another machine must get here.
export const host = process.env.HOST ?? "0.0.0.0";
export const port = Number(process.env.PORT ?? 5000);
