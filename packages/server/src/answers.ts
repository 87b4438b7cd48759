import type { Socket } from "node:net";

/**
 * Whether something listens on a Unix socket.
 *
 * @returns false where there is no such file, or one whose listener is gone
 */
export async function answers(socketPath: string): Promise<boolean> {
  const { createConnection } = process.getBuiltinModule("node:net");
  return await new Promise((resolve, reject) => {
    const socket: Socket = createConnection(socketPath, () => {
      socket.destroy();
      resolve(true);
    });
    socket.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT" || error.code === "ECONNREFUSED" || error.code === "ENOTSOCK") resolve(false);
      else if (error.code === "EAGAIN")
        resolve(true); // its queue is full: somebody is there, and busy
      else reject(error);
    });
  });
}
