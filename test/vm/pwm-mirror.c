// A pulse generator that generates nothing: two channels that take every period and pulse which the kernel's own checks
// let through. What they were told is seen in /sys/kernel/debug/pwm. As one of a Pi it knows nothing at the start.

#include <linux/err.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/pwm.h>

static struct platform_device *place;
static struct pwm_chip *mirror;

static int mirror_apply(struct pwm_chip *chip, struct pwm_device *channel, const struct pwm_state *state) {
  return 0;
}

static const struct pwm_ops mirror_ops = {.apply = mirror_apply};

static int __init mirror_begin(void) {
  int failed;
  place = platform_device_register_simple("pwm-mirror", PLATFORM_DEVID_NONE, NULL, 0);
  if (IS_ERR(place)) return PTR_ERR(place);
  mirror = pwmchip_alloc(&place->dev, 2, 0);
  if (IS_ERR(mirror)) {
    platform_device_unregister(place);
    return PTR_ERR(mirror);
  }
  mirror->ops = &mirror_ops;
  failed = pwmchip_add(mirror);
  if (!failed) return 0;
  pwmchip_put(mirror);
  platform_device_unregister(place);
  return failed;
}

static void __exit mirror_end(void) {
  pwmchip_remove(mirror);
  pwmchip_put(mirror);
  platform_device_unregister(place);
}

module_init(mirror_begin);
module_exit(mirror_end);
MODULE_DESCRIPTION("pulse outputs that only remember");
MODULE_LICENSE("Dual MIT/GPL");
