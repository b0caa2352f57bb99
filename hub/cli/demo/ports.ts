/** Which ports the demo serves on. */
import { createServer } from "node:net";
import { messageOf } from "@interactor/shared/kernel/fault";
import { commandFault } from "../exit.ts";

export const loopback = "127.0.0.1";

export interface PortWish {
  readonly option: string;
  readonly use: string;
  /** What the user asked for; 0: any free one. */
  readonly given: number | undefined;
  readonly fallback: number;
}

export interface PortChoice {
  /** 0: the hub takes a free one. */
  readonly port: number;
  /** The default port that is taken by something else. */
  readonly taken: number | undefined;
}

/** A port that the user named is used or refused; the default one gives way to a free one. */
export async function choosePort({ option, use, given, fallback }: PortWish): Promise<PortChoice> {
  const port = given ?? fallback;
  const problem = port === 0 ? undefined : await problemWith(port);
  if (problem === undefined) return { port, taken: undefined };
  if (given === undefined) return { port: 0, taken: fallback };
  const advice = `end what uses it, or give another ${option} (0: a free one)`;
  throw commandFault("USAGE", `port ${port} for ${use} ${problem}; ${advice}`);
}

async function problemWith(port: number): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const server = createServer();
  server.once("error", (error) => {
    const code = "code" in error ? error.code : undefined;
    if (code === "EADDRINUSE") return resolve("is taken");
    return resolve(
      code === "EACCES" ? "is not allowed for this user" : `cannot be used (${messageOf(error)})`,
    );
  });
  server.listen(port, loopback, () => server.close(() => resolve(undefined)));
  return promise;
}
