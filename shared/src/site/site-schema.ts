/** The shape of a site file: each part by itself. What parts say of each other is checked afterwards. */
import * as z from "zod";
import { type PermissionKind } from "../bundle/manifest.ts";
import { parseVersionRange } from "../bundle/version-range.ts";
import { moduleLimits } from "../wire/messages/module-limits.ts";
import { leaseMin, nodesMax, portsMax, routesMax, scenesMax, zonesPerNodeMax } from "../wire/limits.ts";
import { type Level, parseFailsafe } from "./failsafe.ts";
import {
  exhibitsMax,
  grantsMax,
  groupsMax,
  modesMax,
  sceneInputsMax,
  secretsMax,
  titleLengthMax,
  variablesMax,
  versionRangeLengthMax,
} from "./limits.ts";
import { durationField, nameField, nameWords, routeSchema, sceneInputField } from "./route-schema.ts";
import { groupsField } from "./route-target.ts";
import { secretName } from "./variables.ts";

const title = z.string().max(titleLengthMax).optional().describe("For people.");
const level = z.union([z.boolean(), z.number(), z.string()], "a level is a number, true or false, or a text");

/** A map whose keys are names. */
const named = <Value extends z.ZodType>(value: Value, most: number, what: string) =>
  z
    .record(nameField, value, `${what} is a map, with a name for each`)
    .refine((map) => Object.keys(map).length <= most, `at most ${most} in ${what}`);

const failsafeText = level.superRefine((written: Level, context) => {
  const parsed = parseFailsafe(written);
  if (parsed.ok) return;
  const { message, offset } = parsed.error;
  context.addIssue({ code: "custom", message, params: { offset } });
});

/** One for all inputs of an instance that move or light something, or by input. */
const byInput = <Value extends z.ZodType>(value: Value) =>
  z.union([
    value,
    z
      .record(z.string(), value, "a map with an input for each")
      .refine((map) => Object.keys(map).length <= portsMax),
  ]);

export const modeFlags = z.strictObject(
  {
    audience: z
      .boolean()
      .describe("There are people: nothing that they could notice is done without being asked."),
    updates: z.boolean().describe("A new revision or module may be taken over."),
  },
  "a mode is a map with audience and updates",
);
const modesField = named(modeFlags, modesMax, "modes");

const zoneWords = "a zone is a map, with title, mode or zones inside of it; or nothing";

const zoneFields = {
  title,
  modes: modesField.optional().describe("Modes of its own, instead of those around it."),
  mode: nameField.optional().describe("The mode it begins in."),
};
const anyMap = (what: string) => z.record(z.string(), z.unknown(), `${what} is a map, with a name for each`);

/** A zone, of which those inside of it are looked at one by one. */
export const zoneSchema = z
  .strictObject({ ...zoneFields, zones: anyMap("zones").nullable().optional() }, zoneWords)
  .nullable();
export type WrittenZone = NonNullable<z.infer<typeof zoneSchema>>;

const nestedZone: z.ZodType = z
  .strictObject({
    ...zoneFields,
    get zones(): z.ZodType {
      return z.record(nameField, nestedZone).nullable().optional();
    },
  })
  .nullable();

export const exhibitSchema = z.strictObject(
  { title, zone: nameField.describe("The zone it stands in.") },
  "an exhibit is a map with zone, and title if you like",
);

export const secretSchema = z
  .strictObject(
    {
      env: z.string().min(1).max(200).optional().describe("A variable of the environment."),
      file: z.string().min(1).max(4096).optional().describe("A file that holds nothing else."),
      credential: z.string().min(1).max(200).optional().describe("A credential of systemd."),
    },
    "a secret is a map with env, file or credential: the place where its value is",
  )
  .refine(
    (source) => Object.values(source).filter((each) => each !== undefined).length === 1,
    "a secret has one source: env, file or credential",
  );

const grantNames = (what: string) =>
  z
    .array(z.coerce.string().max(255))
    .max(grantsMax)
    .optional()
    .describe(`The only ${what} that may be used.`);

export const grantKeys = {
  pin: "pins",
  bus: "buses",
  serial: "serial",
  universe: "universes",
  host: "hosts",
  file: "files",
} as const satisfies Record<PermissionKind, string>;

const grants = z.strictObject(
  {
    pins: grantNames("pins"),
    buses: grantNames("buses"),
    serial: grantNames("serial lines"),
    universes: grantNames("universes"),
    hosts: grantNames("hosts"),
    files: grantNames("files"),
  },
  "a map with lists of pins, buses, serial, universes, hosts or files",
);
export type Grants = z.infer<typeof grants>;

const instanceGrants = z.strictObject(
  { ...grants.shape, ...moduleLimits.shape },
  "a map with lists of pins, buses, serial, universes, hosts or files, and limits such as memoryMb",
);
export type InstanceGrants = z.infer<typeof instanceGrants>;

const rangeWords = 'a range of versions is a text such as "^1.2", "~1.2.3" or "*"';

export const instanceSchema = z.strictObject(
  {
    module: nameField.describe("What it runs."),
    version: z
      .string(rangeWords)
      .max(versionRangeLengthMax)
      .refine((text) => parseVersionRange(text).ok, rangeWords)
      .optional()
      .describe("Which versions of the module may run; the newest of them does."),
    exhibit: nameField.optional().describe("The exhibit it belongs to, when the node serves several."),
    settings: z
      .record(z.string(), z.unknown(), "settings is a map")
      .nullable()
      .optional()
      .describe("As the module's README has them."),
    failsafe: byInput(failsafeText)
      .optional()
      .describe("What inputs do when their source is lost: hold 5s -> fade 3s -> 0, or hold 5s -> release."),
    stop: byInput(level).optional().describe("What inputs go to on a show stop, at once."),
    background: byInput(level)
      .optional()
      .describe("What inputs hold while nobody has them: no stop, no person, no scene, no route."),
    leases: z
      .record(
        nameField,
        durationField.refine((span) => span >= leaseMin, `a lease is at least ${leaseMin / 1000}s`),
        "leases is a map with an input for each",
      )
      .optional()
      .describe("How long an input goes on when the hub is not heard; for ever when nothing is said."),
    grant: instanceGrants
      .optional()
      .describe("What the module may take for itself, and what it may use more of than is usual."),
  },
  "an instance is a map with at least module",
);
export type WrittenInstance = z.infer<typeof instanceSchema>;

const nodeFields = {
  title,
  zone: nameField.optional().describe("The zone it is in."),
  exhibit: nameField.optional().describe("The exhibit it belongs to."),
  groups: z.array(nameField, "groups is a list of names").max(groupsMax).optional(),
  allow: grants
    .optional()
    .describe("The only things that its instances may use; all of a kind that is not named."),
};
const nodeWords = "a node is a map with zone, groups and instances";

/** A node whose instances are looked at one by one. */
export const nodeSchema = z.strictObject(
  {
    ...nodeFields,
    instances: anyMap("instances").nullable().optional(),
  },
  nodeWords,
);
export type WrittenNode = z.infer<typeof nodeSchema>;

export const sceneSchema = z
  .record(sceneInputField, level, "a scene is a map of inputs and their levels")
  .refine((map) => Object.keys(map).length <= sceneInputsMax, `at most ${sceneInputsMax} inputs in a scene`);

const includeField = z
  .union([z.string(), z.array(z.string())])
  .describe("More files of the site, from this folder.");
const variablesField = z
  .record(z.string().refine(secretName, nameWords), level)
  .refine((map) => Object.keys(map).length <= variablesMax)
  .describe("Stand wherever ${name} does.");

/** All of it: what editors are given. */
export const siteFileSchema = z.strictObject({
  site: nameField.optional().describe("The installation's name."),
  include: includeField.optional(),
  variables: variablesField.nullable().optional(),
  secrets: z
    .record(z.string(), secretSchema)
    .nullable()
    .optional()
    .describe("Where secrets are; ${secret:name} in settings."),
  modes: modesField.nullable().optional().describe("What the site can be in: open, closed …"),
  mode: nameField.optional().describe("The mode it begins in."),
  zones: z.record(nameField, nestedZone).nullable().optional().describe("Places; they stand in each other."),
  exhibits: z.record(nameField, exhibitSchema).nullable().optional().describe("What visitors use."),
  nodes: z
    .record(
      nameField,
      z
        .strictObject({
          ...nodeFields,
          instances: z.record(nameField, instanceSchema).nullable().optional().describe("What runs on it."),
        })
        .nullable(),
    )
    .nullable()
    .optional()
    .describe("Computers, by what they are for."),
  groups: groupsField.nullable().optional().describe("Sets of nodes."),
  routes: z
    .array(routeSchema)
    .nullable()
    .optional()
    .describe("Each takes a value from an output to an input."),
  scenes: z.record(nameField, sceneSchema).nullable().optional().describe("Levels that belong together."),
});

/** Sections and what may stand in one at most. */
export const sectionsMax = {
  secrets: secretsMax,
  modes: modesMax,
  exhibits: exhibitsMax,
  nodes: nodesMax,
  groups: groupsMax,
  scenes: scenesMax,
  routes: routesMax,
} as const;
export const zoneDepthMax = zonesPerNodeMax;
