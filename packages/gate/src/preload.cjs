"use strict";
/**
 * Loaded into every Node process of an app with `--require`. Where the process listens on its `PORT`, its server can also be given the
 * connections of the public socket, which the process has inherited: the platform says when, over a Unix socket. The app need not
 * know of it, and a process that never listens on `PORT` is not touched.
 *
 * - `DOUZE_GATE` path of the Unix socket to listen on; `DOUZE_GATE_FDS` first and last descriptor of the public socket, duplicates
 *   of each other: one is used up each time that accepting stops.
 * - Told, a line each: `accept`, `pause`, `goodbye <milliseconds>`.
 * - Tells, a line each, in JSON: its state (see `report`), at first and after each change.
 *
 * This file runs in the app's own Node, whichever that is: CommonJS, no dependencies, nothing newer than Node 18.
 */
const { DOUZE_GATE: gatePath, DOUZE_GATE_FDS: range, PORT: port } = process.env;

if (gatePath && range && port && require("node:worker_threads").isMainThread) {
  const net = require("node:net");
  const listen = net.Server.prototype.listen;
  net.Server.prototype.listen = function (...args) {
    // Workers of a cluster listen through their primary, which spreads the connections itself.
    if (isPort(args, port) && !require("node:cluster").isWorker) {
      net.Server.prototype.listen = listen;
      this.once("listening", () => open(this, listen));
    }
    return listen.apply(this, args);
  };
}

/** Whether `listen` was asked for this port: as a number, a text, or in an object. */
function isPort([first], port) {
  const asked = typeof first === "object" && first !== null ? first.port : first;
  return asked !== undefined && asked !== null && String(asked) === port;
}

/** Opens the gate of a server that listens. */
function open(server, listen) {
  const net = require("node:net");
  const [next, last] = range.split("-").map(Number);
  const gate = {
    server,
    listen,
    next,
    last,
    inlet: undefined,
    sockets: new Set(),
    webSockets: new Set(),
    leaving: false,
    platform: new Set(),
  };
  markUpgrades(gate);
  letGoOnClose(gate);
  const control = net.createServer((peer) => converse(gate, peer));
  // A socket that cannot be made leaves the app on its port, where the router finds it.
  control.on("error", () => undefined);
  listen.call(control, gatePath);
  control.unref();
}

/** One connection of the platform's. */
function converse(gate, peer) {
  let text = "";
  peer.unref();
  peer.setEncoding("utf8");
  peer.on("error", () => peer.destroy());
  peer.on("close", () => gate.platform.delete(peer));
  peer.on("data", (part) => {
    text += part;
    const lines = text.split("\n");
    text = lines.pop() ?? "";
    for (const line of lines) obey(gate, line);
  });
  gate.platform.add(peer);
  report(gate);
}

function obey(gate, line) {
  const [word, argument] = line.split(" ");
  if (word === "accept" || word === "pause") gate.told = word;
  if (word === "accept") accept(gate);
  else if (word === "pause") leave(gate);
  else if (word === "goodbye") goodbye(gate, Number(argument) || 0);
  report(gate);
}

/**
 * `told` is the last word that was obeyed. `connections` are those that came through the public socket; at 0, with `accepting` false,
 * nothing of it is left here.
 */
function report({ platform, told, inlet, sockets, next, last }) {
  const state = `${JSON.stringify({ told, accepting: inlet !== undefined, connections: sockets.size, left: last - next + 1 })}\n`;
  for (const peer of platform) peer.write(state);
}

function accept(gate) {
  const { server, listen } = gate;
  if (gate.inlet || gate.next > gate.last || !server.listening) return;
  gate.leaving = false;
  const inlet = require("node:net").createServer({ allowHalfOpen: server.allowHalfOpen, pauseOnConnect: server.pauseOnConnect });
  inlet.on("connection", (socket) => take(gate, inlet, socket));
  inlet.on("error", () => {
    if (gate.inlet === inlet) gate.inlet = undefined;
    report(gate);
  });
  gate.inlet = inlet;
  listen.call(inlet, { fd: gate.next++ });
  // Whether the app lives on is for its own server to say.
  inlet.unref();
}

/** Makes a connection of the public socket one of the app's own server: it counts there, and `close` waits for it. */
function take(gate, inlet, socket) {
  const { server, sockets } = gate;
  inlet._connections--;
  if (server.maxConnections && server._connections >= server.maxConnections) return socket.destroy();
  socket.server = server;
  socket._server = server;
  server._connections++;
  // As the server does with its own: frameworks ask for this when they make it.
  if (server.noDelay) socket.setNoDelay(true);
  sockets.add(socket);
  socket.once("close", () => {
    sockets.delete(socket);
    if (gate.leaving && sockets.size === 0) report(gate);
  });
  server.emit("connection", socket);
}

/**
 * Stops accepting. What waits in the public socket's queue is the kernel's and goes to another process. Connections that there are
 * end after their next answer, which says so: a client never finds one closed under its request.
 */
function leave(gate) {
  const { server, inlet, sockets } = gate;
  gate.inlet = undefined;
  if (inlet) inlet.close();
  if (gate.leaving) return;
  gate.leaving = true;
  for (const { _httpMessage: response } of sockets) if (response && !response.headersSent) response.shouldKeepAlive = false;
  server.prependListener("request", function lastAnswer(request, response) {
    if (!gate.leaving) return server.off("request", lastAnswer);
    if (sockets.has(request.socket)) response.shouldKeepAlive = false;
  });
}

/** 1012, service restart: the client should come again. A close frame of a server, which is not masked. @see RFC 6455 */
const closeFrame = Buffer.from([0x88, 0x02, 0x03, 0xf4]);

/** Tells WebSocket clients to go, spread over a time, so that they do not all come back at once. */
function goodbye({ webSockets }, spreadMs) {
  let index = 0;
  for (const socket of webSockets)
    setTimeout(() => socket.writable && socket.write(closeFrame), (spreadMs * index++) / webSockets.size).unref();
}

/** A listener for upgrades changes what a server does with them: ours stands before the app's own, never alone. */
function markUpgrades({ server, sockets, webSockets }) {
  const mark = ({ headers }, socket) => {
    if (!sockets.has(socket) || String(headers.upgrade).toLowerCase() !== "websocket") return;
    webSockets.add(socket);
    socket.once("close", () => webSockets.delete(socket));
  };
  if (server.listenerCount("upgrade") > 0) server.prependListener("upgrade", mark);
  else
    server.on("newListener", function found(event) {
      if (event !== "upgrade") return;
      server.off("newListener", found);
      process.nextTick(() => server.prependListener("upgrade", mark));
    });
}

/** An app that closes its server wants no connection more, from wherever. */
function letGoOnClose(gate) {
  const { server } = gate;
  const close = server.close;
  server.close = function (...args) {
    leave(gate);
    report(gate);
    return close.apply(this, args);
  };
}
