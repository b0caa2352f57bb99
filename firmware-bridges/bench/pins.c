/* Pins: edges of those that are watched, levels that the world puts on them, voltages at the converter. */
#include <stdlib.h>
#include <simavr/avr_adc.h>
#include <simavr/avr_extint.h>
#include <simavr/avr_ioport.h>
#include <simavr/avr_timer.h>
#include "bench.h"

static const char ports[] = "ABCDEFGHJKL";
#define PORTS ((int)sizeof ports - 1)

struct pin {
  char port;
  uint8_t bit, level, is_watched;
};

static struct pin pins[sizeof ports - 1][8];

static struct pin *pin_of(char port, int bit) {
  for (int i = 0; i < PORTS; i++)
    if (ports[i] == port && bit >= 0 && bit < 8) return &pins[i][bit];
  fail("no pin %c%d", port, bit);
}

static void on_level(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  struct pin *pin = param;
  uint8_t level = value & 1;
  if (level == pin->level) return;
  pin->level = level;
  if (pin->is_watched) say("pin %c%d %u %llu", pin->port, pin->bit, level, (unsigned long long)simulated_us());
}

static void on_pwm(avr_irq_t *irq, uint32_t value, void *param) {
  (void)irq;
  static unsigned before[16];
  unsigned *last = &before[(intptr_t)param];
  if (*last == value + 1) return;
  *last = value + 1;
  say("pwm %d%c %u %llu", (int)(intptr_t)param / 2, (int)(intptr_t)param % 2 ? 'B' : 'A', value,
      (unsigned long long)simulated_us());
}

void pins_attach(void) {
  for (int i = 0; i < PORTS; i++)
    for (uint8_t bit = 0; bit < 8; bit++) {
      struct pin *pin = &pins[i][bit];
      pin->port = ports[i];
      pin->bit = bit;
      avr_irq_t *irq = avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(ports[i]), bit);
      if (irq) avr_irq_register_notify(irq, on_level, pin);
    }
  for (char timer = '0'; timer <= '5'; timer++)
    for (int channel = 0; channel < 2; channel++) {
      avr_irq_t *irq = avr_io_getirq(avr, AVR_IOCTL_TIMER_GETIRQ(timer), TIMER_IRQ_OUT_PWM0 + channel);
      if (irq) avr_irq_register_notify(irq, on_pwm, (void *)(intptr_t)((timer - '0') * 2 + channel));
    }
}

/* After each reset the simulator looks at low interrupt pins on every cycle, and sleeps no more. Our firmware has no
 * interrupts by level. */
void pins_relax(void) {
  for (uint8_t i = 0; i < EXTINT_COUNT; i++) avr_extint_set_strict_lvl_trig(avr, i, 0);
}

/* On a reset every pin lets go. */
void pins_reset(void) {
  for (int i = 0; i < PORTS; i++)
    for (int bit = 0; bit < 8; bit++) on_level(NULL, 0, &pins[i][bit]);
}

void pin_watch(char port, int bit, uint8_t is_watched) {
  struct pin *pin = pin_of(port, bit);
  pin->is_watched = is_watched;
  if (is_watched) say("pin %c%d %u %llu", port, bit, pin->level, (unsigned long long)simulated_us());
}

/* What the world drives stays, whatever the firmware does to the pull-ups of its port. */
void pin_drive(char port, int bit, unsigned level) {
  static uint8_t masks[128], values[128];
  pin_of(port, bit);
  uint8_t mask = (uint8_t)(1 << bit);
  masks[(int)port] |= mask;
  values[(int)port] = (uint8_t)(level ? values[(int)port] | mask : values[(int)port] & ~mask);
  avr_ioport_external_t external = {.name = port, .mask = masks[(int)port], .value = values[(int)port]};
  avr_ioctl(avr, AVR_IOCTL_IOPORT_SET_EXTERNAL(port), &external);
  avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_IOPORT_GETIRQ(port), bit), level);
}

void adc_drive(int channel, unsigned millivolts) {
  if (channel < 0 || channel > 15) fail("no analog input %d", channel);
  avr_raise_irq(avr_io_getirq(avr, AVR_IOCTL_ADC_GETIRQ, ADC_IRQ_ADC0 + channel), millivolts);
}
