import { defineManifest } from "@interactor/shared/sdk/define-module";

export const manifest = defineManifest({
  apiVersion: 1,
  id: "host",
  version: "0.1.0",
  title: "Health of the computer the agent runs on",
  worker: "shared",
  inputs: {},
  outputs: {
    temperature: { type: "float", unit: "Cel", label: "CPU temperature" },
    load: { type: "float", unit: "%", min: 0, max: 100, label: "CPU load" },
    "load-average": { type: "float", unit: "1", min: 0, label: "Load average, 1 min" },
    memory: { type: "float", unit: "%", min: 0, max: 100, label: "Memory used" },
    disk: { type: "float", unit: "%", min: 0, max: 100, label: "Disk used" },
    "network-in": { type: "float", unit: "By/s", min: 0, label: "Network in" },
    "network-out": { type: "float", unit: "By/s", min: 0, label: "Network out" },
    uptime: { type: "float", unit: "s", min: 0, label: "Uptime" },
    "under-voltage": { type: "bool", label: "Supply voltage too low" },
    throttled: { type: "bool", label: "CPU slowed down" },
    unreadable: { type: "int", unit: "1", min: 0, label: "Readings that failed" },
  },
});
