// An entry of its own: a command that only asks must not load the server, its validators and Node's HTTP module whole.
export { answers } from "./answers.ts";
export { connect } from "./connect.ts";
export { runtimeDirectory, socketPath } from "./socket-path.ts";
