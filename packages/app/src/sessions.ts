export { type Session, type SessionOptions, sessions } from "./sessions/sessions.ts";
export { forgetSessions, migrateSessions, postgresSessions, redisSessions, type SessionStore } from "./sessions/store.ts";
