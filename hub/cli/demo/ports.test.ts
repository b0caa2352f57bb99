import { createServer, type Server } from "node:net";
import { expect, onTestFinished, test } from "vitest";
import { choosePort, loopback } from "./ports.ts";

async function takenPort(): Promise<number> {
  const server: Server = createServer();
  await new Promise<void>((resolve) => server.listen(0, loopback, resolve));
  onTestFinished(() => void server.close());
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return address.port;
}

const wish = { option: "--http-port", use: "HTTP" } as const;

test("a default port that is taken gives way to a free one", async () => {
  const fallback = await takenPort();

  expect(await choosePort({ ...wish, given: undefined, fallback })).toEqual({ port: 0, taken: fallback });
});

test("a port the user named and something else has is refused, with what to do", async () => {
  const given = await takenPort();

  await expect(choosePort({ ...wish, given, fallback: 8080 })).rejects.toThrow(
    `port ${given} for HTTP is taken; end what uses it, or give another --http-port (0: a free one)`,
  );
});

test("any free port is what 0 asks for", async () => {
  expect(await choosePort({ ...wish, given: 0, fallback: 8080 })).toEqual({ port: 0, taken: undefined });
});
