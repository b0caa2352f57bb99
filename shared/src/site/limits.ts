/** Bounds of the site file, each with its reason. Past any of them the file is refused, with the place that is too much. */

import { payloadBytesMax } from "../wire/limits.ts";

/** All files of a site together. */
export const siteBytesMax = 8 * 1024 * 1024;
/** Files of one site: one for each node of a large one, and then one would rather generate it. */
export const includeFilesMax = 256;
/** Files that a site's instances name, such as fixtures: models of lamps in one house. */
export const besideFilesMax = 256;
/** Files inside each other. Deeper, nobody finds a thing again. */
export const includeDepthMax = 8;
/** Values in all files, with aliases and variables put in: they may multiply a small text into a huge one. */
export const siteItemsMax = 250_000;
/** Aliases, with those inside of what they stand for. A node's settings may be shared by every node. */
export const siteAliasesMax = 20_000;
/** How deep values stand inside each other: far past any settings, far from the end of the stack. */
export const siteDepthMax = 64;
/** Variables of a site. */
export const variablesMax = 1000;
/** A text once its variables are put in: they may multiply too. As long as a value of text may be. */
export const filledTextMax = 4096;
export const secretsMax = 500;
export const exhibitsMax = 500;
export const groupsMax = 500;
export const scenesMax = 500;
/** Inputs that one scene sets: eight universes. */
export const sceneInputsMax = 4096;
/** Modes of a site or of a zone. A person has to choose among them. */
export const modesMax = 32;
/** Named resources that a node allows, or an instance is granted, of one kind. */
export const grantsMax = 512;
/** A title or a label. */
export const titleLengthMax = 100;
/** A range of versions. */
export const versionRangeLengthMax = 100;
/** What one node has of a site: it travels in one message, with a little beside it. */
export const nodePlanBytesMax = payloadBytesMax - 1024;
/** Problems of a site that are told; the rest is counted. Nobody reads more before they correct the first ones. */
export const problemsToldMax = 200;
/** Characters of a line that stand above a caret. */
export const excerptLengthMax = 100;
