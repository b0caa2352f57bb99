// What our packages bring along and the agent never reaches. It costs all the same: V8 keeps the whole source of a
// bundle in memory, once for the process and once more for every worker thread.

import type { Plugin } from "esbuild";

/** Each with what stands in its place. Whoever reaches it after all shall fail with words. */
export const leftOut = [
  // mqtt can speak over WebSockets and with timers of the browser. Ours is TCP.
  { filter: /^ws$/, contents: "module.exports = {};" },
  { filter: /^worker-timers$/, contents: "module.exports = {};" },
  // An environment variable of mqtt would lead here.
  {
    filter: /^socks$/,
    contents: `exports.SocksClient = { createConnection() {
      throw new Error("the agent reaches its hub without a proxy: unset MQTTJS_SOCKS_PROXY");
    } };`,
  },
  // Fifty languages of zod's messages, of which zod/mini uses none by itself. They are a quarter of a bundle.
  { filter: /^\.\.\/locales\/index\.js$/, contents: "export {};" },
] as const;

export const leaveOutUnreached: Plugin = {
  name: "leave-out-unreached",
  setup(build) {
    for (const [index, { filter, contents }] of leftOut.entries()) {
      const namespace = `unreached-${index}`;
      build.onResolve({ filter }, ({ path }) => ({ path, namespace }));
      build.onLoad({ filter: /.*/, namespace }, () => ({ contents }));
    }
  },
};
