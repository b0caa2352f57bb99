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
      // Names of roles come as they stand in an address. Of a file's name only what an address cannot hold is quoted.
      const rest = kind === "metadata" ? path : encodeURI(path).replaceAll("?", "%3F").replaceAll("#", "%23");
      const response = await fetch(`${base.replace(/\/*$/, "/")}${rest}`, { signal });
      if (missingStatuses.includes(response.status))
        throw new Fault("TRUST_FILE_MISSING", `${path} is not there`);
      if (!response.ok || response.body === null) throw new Fault("HTTP", `status ${response.status}`);
      yield* response.body;
    },
  };
}
