import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { sessionSecret } from "./config.js";
import { rows } from "./database.js";

const name = "visitor";

/** Counts a visit. The cookie names the session and is set anew each time, so that it lives on; the count is in the database. */
export async function countVisit(cookies) {
  const id = idIn(cookies) ?? randomBytes(16).toString("hex");
  const [{ visits }] = await rows(
    "insert into sessions (id, visits) values ($1, 1) on conflict (id) do update set visits = sessions.visits + 1 returning visits",
    id,
  );
  return { visits, cookie: `${name}=${id}.${signature(id)}; Path=/; HttpOnly; SameSite=Lax; Max-Age=1209600` };
}

function idIn(cookies = "") {
  const [, id, signed] = new RegExp(`(?:^|; )${name}=([0-9a-f]{32})\\.([0-9a-f]{64})`).exec(cookies) ?? [];
  return id && timingSafeEqual(Buffer.from(signed), Buffer.from(signature(id))) ? id : undefined;
}

function signature(id) {
  return createHmac("sha256", sessionSecret).update(id).digest("hex");
}
