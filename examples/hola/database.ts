// The one resource. Its URL comes from the environment, whichever server is behind it.
import postgres from "postgres";

const url = process.env.DATABASE_URL;
if (!url) {
  console.error(JSON.stringify({ level: "error", msg: "DATABASE_URL is not set" }));
  process.exit(78); // EX_CONFIG: the platform refuses the release and does not try again in a loop
}

export const sql = postgres(url, { max: 4, onnotice: () => undefined });
