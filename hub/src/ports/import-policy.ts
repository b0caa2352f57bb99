/** Where what a site lets in is written down. */
export { type ImportPolicy, importPolicyDefault } from "../core/registry/import-policy.ts";
