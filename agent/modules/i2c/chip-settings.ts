/** Which driver an instance has. */
import { unreachable } from "@interactor/shared/sdk/define-module";
import { ads1115, type Channel, channels } from "./sensors/ads1115.ts";
import { bme280 } from "./sensors/bme280.ts";
import { mpu6050 } from "./sensors/mpu6050.ts";
import type { Sensor } from "./sensors/registers.ts";
import { vl53l0x } from "./sensors/vl53l0x.ts";
import type { Settings } from "./settings.ts";

export function sensorFor(settings: Settings): Sensor {
  switch (settings.chip) {
    case "bme280":
      return bme280();
    case "ads1115": {
      const isWanted = (name: string): name is Channel => name in channels;
      return ads1115(Object.keys(settings.outputs).filter(isWanted), settings.fullScale);
    }
    case "vl53l0x":
      return vl53l0x();
    case "mpu6050":
      return mpu6050({ acceleration: settings.acceleration, rotation: settings.rotation });
    default:
      return unreachable(settings);
  }
}

/** `1/0x76` as numbers; the settings have been checked. */
export function placeOf({ address }: Settings): { readonly bus: number; readonly address: number } {
  const [bus, place] = address.split("/");
  return { bus: Number(bus), address: Number(place) };
}
