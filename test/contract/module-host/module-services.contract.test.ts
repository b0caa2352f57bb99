// What a module has of the world, in every kind of guest: storage, hosts and files, as far as they were granted.

import { cpSync, mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type Server, type Socket } from "node:net";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, onTestFinished, vi } from "vitest";
import { encodeCbor } from "@interactor/shared/wire/cbor";
import type { Grants } from "@interactor/shared/wire/messages/grants";
import type { HostBench } from "./host-bench.ts";
import { kindsWith } from "./kinds.ts";

async function begun(bench: HostBench, grants: Grants = {}): Promise<(words: string) => Promise<string>> {
  bench.host.start({ name: "clerk", module: "clerk", settings: {}, grants });
  await vi.waitFor(() => expect(bench.reports.at(-1)).toBe("clerk: running"), { timeout: 20_000 });
  return async (words) => {
    const before = bench.outputs.length;
    bench.apply("clerk", "ask", words);
    await vi.waitFor(() => expect(bench.outputs.length).toBeGreaterThan(before), { timeout: 20_000 });
    const value = bench.outputs.at(-1)?.value;
    return typeof value === "string" ? value : "";
  };
}

async function serving(serve: (socket: Socket) => void): Promise<{ port: number; server: Server }> {
  const server = createServer((socket) => {
    socket.on("error", () => undefined);
    serve(socket);
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => void server.close());
  const address = server.address();
  return { server, port: typeof address === "object" ? (address?.port ?? 0) : 0 };
}

describe.each(kindsWith("clerk-module.ts"))("in a $kind", ({ openBench, test }) => {
  test(
    "what it keeps is there after a restart, and no more than it may have",
    { timeout: 60_000 },
    async () => {
      const copy = mkdtempSync(join(tmpdir(), "module-host-"));
      {
        await using bench = await openBench();
        const ask = await begun(bench);
        expect(await ask("get lamp")).toBe("no text");
        expect(await ask("set lamp on")).toBe("set");
        expect(await ask("set door shut")).toBe("set");
        expect(await ask("delete door")).toBe("deleted");
        expect(await ask("fill large 50000")).toMatch(/^STORAGE_FULL: /);
        expect(await ask(`set ${"k".repeat(64)} x`)).toMatch(/^STORAGE_KEY: /);
        expect(await ask("crowd 200")).toBe("0 refused");
        cpSync(bench.folder, copy, { recursive: true });
      }

      await using bench = await openBench(copy);
      const ask = await begun(bench);

      expect(await ask("get lamp")).toBe("on");
      expect((await ask("keys")).split(" ").toSorted()).toEqual(["@version", "crowd", "lamp"]);
    },
  );

  test("what an earlier version kept is brought over, once", { timeout: 60_000 }, async () => {
    await using bench = await openBench();
    const file = join(bench.folder, "modules", "clerk.cbor");
    writeFileSync(file, encodeCbor({ "@version": "1.0.0", lamp: "old" }));

    const ask = await begun(bench);

    expect(await ask("get migrated")).toBe("from 1.0.0");
    expect(await ask("get lamp")).toBe("old");
    expect(await ask("get @version")).toBe("2.0.0");
  });

  test("what cannot be understood is set aside, and it runs", { timeout: 60_000 }, async () => {
    await using bench = await openBench();
    writeFileSync(join(bench.folder, "modules", "clerk.cbor"), "torn");

    const ask = await begun(bench);

    expect(await ask("get lamp")).toBe("no text");
    expect(await ask("set lamp on")).toBe("set");
    expect(readFileSync(join(bench.folder, "modules", "clerk.cbor")).length).toBeGreaterThan(10);
  });

  test("of the network it has the hosts that were granted", { timeout: 60_000 }, async () => {
    const echo = await serving((socket) => socket.pipe(socket));
    const other = await serving((socket) => socket.end());
    const much = await serving((socket) => {
      socket.end(Buffer.alloc(3_000_000, 1));
    });
    await using bench = await openBench();

    const ask = await begun(bench, { host: [`127.0.0.1:${echo.port}`, `127.0.0.1:${much.port}`] });

    expect(await ask(`echo ${echo.port} hello`)).toBe("hello, it was closed");
    expect(await ask(`echo ${other.port} hello`)).toMatch(/^NOT_GRANTED: host "127\.0\.0\.1:\d+"/);
    expect(await ask(`count ${much.port} 3000000`)).toBe("3000000 bytes");
    expect(await ask(`open ${echo.port} 10`)).toBe("8 open");
  });

  test("a host that fails again and again is given a rest", { timeout: 60_000 }, async () => {
    const gone = await serving((socket) => socket.end());
    gone.server.close();
    await once(gone.server, "close");
    await using bench = await openBench();
    const ask = await begun(bench, { host: [`127.0.0.1:${gone.port}`] });

    for (let time = 0; time < 5; time++)
      expect(await ask(`echo ${gone.port} x`)).toMatch(/^CONNECT_FAILED: .*ECONNREFUSED/);

    expect(await ask(`echo ${gone.port} x`)).toMatch(/^UNAVAILABLE: .* failed 5 times/);
  });

  test("of the files it has those that were granted", { timeout: 60_000 }, async () => {
    await using bench = await openBench();
    const [given, large, secret] = ["given", "large", "secret"].map((name) => join(bench.folder, name));
    for (const path of [given, secret]) writeFileSync(path ?? "", "words", { mode: 0o600 });
    writeFileSync(large ?? "", Buffer.alloc(300 * 1024));

    const ask = await begun(bench, { file: [given ?? "", large ?? "", "/nowhere"] });

    expect(await ask(`read ${given}`)).toBe("words");
    expect(await ask(`read ${secret}`)).toMatch(/^NOT_GRANTED: file/);
    expect(await ask(`read ${given}/../secret`)).toMatch(/^NOT_GRANTED: file/);
    expect(await ask(`read ${large}`)).toMatch(/^FILE_TOO_LARGE: /);
    expect(await ask("read /nowhere")).toMatch(/^FILE_UNREADABLE: /);
  });
});
