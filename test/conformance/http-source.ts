// The source of a conformance suite: a web server.

import { Fault } from "@interactor/shared/kernel/fault";
import type { TrustFile, TrustSource } from "@interactor/agent/src/ports/trust.ts";

/** What 404 and 403 say, TUF 5.3.3: it is not there. */
const missingStatuses = [403, 404];

export interface HttpSourceOptions {
  readonly metadataUrl: string;
  readonly targetsUrl: string | undefined;
}

export function httpSource({ metadataUrl, targetsUrl }: HttpSourceOptions): TrustSource {
  return {
    async *fetch({ kind, path }: TrustFile, signal) {
      const base = kind === "metadata" ? metadataUrl : targetsUrl;
      if (base === undefined) throw new Fault("USAGE", "--target-base-url is missing");
      // Names of roles come as they stand in an address; names of files do not.
      const rest = kind === "metadata" ? path : path.split("/").map(encodeURIComponent).join("/");
      const response = await fetch(`${base.replace(/\/*$/, "/")}${rest}`, { signal });
      if (missingStatuses.includes(response.status))
        throw new Fault("TRUST_FILE_MISSING", `${path} is not there`);
      if (!response.ok || response.body === null) throw new Fault("HTTP", `status ${response.status}`);
      yield* response.body;
    },
  };
}
