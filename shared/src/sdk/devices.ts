/** For modules that drive a device which may be away, come back, or fail. */
export {
  complaintOf,
  type DeviceSpans,
  type DeviceState,
  isUsable,
  usualDeviceSpans,
} from "../supervision/device-life.ts";
export {
  type DeviceDriver,
  type DeviceListener,
  deviceMissing,
  type DeviceReports,
  KeptDevice,
} from "../supervision/kept-device.ts";
export { tellDevice } from "./tell-device.ts";
