import * as z from "@interactor/shared/sdk/schemas";

const every = z.number().check(z.gte(0.1), z.lte(3600));

export const settings = z.strictObject({
  /** Seconds between two readings of a group. */
  every: z.prefault(
    z.strictObject({
      temperature: z._default(every, 2),
      cpu: z._default(every, 1),
      memory: z._default(every, 5),
      disk: z._default(every, 5),
      network: z._default(every, 1),
      uptime: z._default(every, 5),
      power: z._default(every, 2),
    }),
    {},
  ),
  /** Any file or folder of the file system whose space is told. */
  diskPath: z._default(
    z.string().check(
      z.maxLength(255),
      z.refine((path) => path.startsWith("/") && !path.includes("\0"), "a path such as / or /data"),
    ),
    "/",
  ),
});

export type Settings = z.infer<typeof settings>;
