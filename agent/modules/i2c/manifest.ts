import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "i2c",
  version: "0.1.0",
  title: "Sensors on the I²C bus",
  // Transfers are waited for; no other module shall wait with them.
  worker: "own",
  inputs: {},
  outputs: {
    failures: { type: "int", unit: "1", min: 0, label: "Measurements that failed" },
  },
  outputsFrom: "/outputs",
  outputsLike: { type: "float" },
  permissions: [{ kind: "bus", from: "/address" }],
});
