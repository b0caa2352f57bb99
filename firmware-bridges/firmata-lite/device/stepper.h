/* Stepper motors at a constant speed, by the main loop, which does not sleep while one moves. */
#ifndef STEPPER_H
#define STEPPER_H

#include <stdint.h>

#define STEPPERS_MAX 3
enum stepper_wires { WIRES_DRIVER = 1, WIRES_TWO = 2, WIRES_FOUR = 4 };

struct stepper {
  uint8_t wires, pins[4]; /* with a driver: direction, step */
  uint16_t steps_per_turn;
  uint32_t left, interval_us, stepped_us;
  uint8_t phase, is_forward;
};

static struct stepper steppers[STEPPERS_MAX];

/* In 0.01 rad/s. */
static uint32_t stepper_interval(uint16_t steps_per_turn, uint16_t speed) {
  uint32_t rate = (uint32_t)steps_per_turn * speed;
  return rate == 0 ? 0 : 628318531UL / rate;
}

static void stepper_step(struct stepper *stepper, void (*write)(uint8_t pin, uint8_t level)) {
  static const uint8_t two[] = {1, 3, 2, 0}, four[] = {5, 6, 10, 9};
  if (stepper->wires == WIRES_DRIVER) {
    write(stepper->pins[0], stepper->is_forward);
    write(stepper->pins[1], 1);
    /* A driver wants 2 us. */
    for (volatile uint8_t turn = 0; turn < 8; turn++);
    write(stepper->pins[1], 0);
    return;
  }
  stepper->phase = (uint8_t)(stepper->phase + (stepper->is_forward ? 1 : 3)) & 3;
  uint8_t levels = stepper->wires == WIRES_TWO ? two[stepper->phase] : four[stepper->phase];
  for (uint8_t i = 0; i < stepper->wires; i++) write(stepper->pins[i], (levels >> i) & 1);
}

#endif
