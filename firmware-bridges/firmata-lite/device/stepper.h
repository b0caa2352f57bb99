/* Stepper motors, by the main loop, which does not sleep while one moves. */
#ifndef STEPPER_H
#define STEPPER_H

#include <math.h>
#include <stdint.h>

#define STEPPERS_MAX 3
enum stepper_wires { WIRES_DRIVER = 1, WIRES_TWO = 2, WIRES_FOUR = 4 };

struct stepper {
  uint8_t wires, pins[4]; /* with a driver: direction, step */
  uint16_t steps_per_turn;
  uint32_t left, interval_us, stepped_us;
  uint8_t phase, is_forward;
  /* From rest, at a constant acceleration, step n comes sqrt(n) times as late as the first. */
  uint32_t taken, rising, falling;
  float first_up_us, first_down_us, cruise_us;
};

static struct stepper steppers[STEPPERS_MAX];

#define TURN_RAD 6.2831853f

/* Steps between rest and the speed. Accelerations are in 0.01 rad/s2; 0: it is there at once. */
static float stepper_ramp(const struct stepper *stepper, uint16_t speed, uint16_t acceleration) {
  if (acceleration == 0) return 0;
  float v = speed / 100.0f;
  return v * v * stepper->steps_per_turn / (2 * TURN_RAD * (acceleration / 100.0f));
}

static float stepper_first_us(const struct stepper *stepper, uint16_t acceleration) {
  if (acceleration == 0) return 0;
  return 1e6f * sqrtf(2 * TURN_RAD / stepper->steps_per_turn / (acceleration / 100.0f));
}

/* How long the step before `left` more of them takes: between steps n - 1 and n of a ramp lies sqrt(n) - sqrt(n - 1). */
static uint32_t stepper_interval(const struct stepper *stepper) {
  uint32_t n = stepper->taken + 1;
  float us = stepper->cruise_us, ramp = 0;
  if (n <= stepper->rising) ramp = stepper->first_up_us / (sqrtf(n) + sqrtf(n - 1));
  else if (stepper->left <= stepper->falling)
    ramp = stepper->first_down_us / (sqrtf(stepper->left) + sqrtf(stepper->left - 1));
  return (uint32_t)((ramp > us ? ramp : us) + 0.5f);
}

/* Speed in 0.01 rad/s, accelerations in 0.01 rad/s2. A way too short for the speed has its peak where both ramps meet. */
static void stepper_go(struct stepper *stepper, uint32_t steps, uint16_t speed, const uint16_t acceleration[2]) {
  uint32_t rate = (uint32_t)stepper->steps_per_turn * speed;
  stepper->left = rate == 0 ? 0 : steps;
  if (stepper->left == 0) return;
  float up = stepper_ramp(stepper, speed, acceleration[0]), down = stepper_ramp(stepper, speed, acceleration[1]);
  if (up + down > steps) {
    float share = steps / (up + down);
    up *= share;
    down *= share;
  }
  stepper->taken = 0;
  stepper->rising = (uint32_t)(up + 0.5f);
  stepper->falling = (uint32_t)(down + 0.5f);
  stepper->first_up_us = stepper_first_us(stepper, acceleration[0]);
  stepper->first_down_us = stepper_first_us(stepper, acceleration[1]);
  stepper->cruise_us = TURN_RAD * 1e8f / rate;
  stepper->interval_us = stepper_interval(stepper);
}

/* Comes to rest as soon as it may: along the ramp of its deceleration from the speed that it has, at once without one.
 * Gives the steps that it will not take. */
static uint32_t stepper_stop(struct stepper *stepper) {
  uint32_t braking = stepper->falling, before = stepper->left;
  /* Speed grows with the root of the steps, so the way to brake is as far along its ramp as the way taken along the other. */
  if (stepper->taken < stepper->rising) braking = (uint32_t)((float)braking * stepper->taken / stepper->rising + 0.5f);
  if (braking >= before) return 0;
  stepper->left = stepper->falling = braking;
  stepper->rising = 0;
  if (braking > 0) stepper->interval_us = stepper_interval(stepper);
  return before - braking;
}

static void stepper_step(struct stepper *stepper, void (*write)(uint8_t pin, uint8_t level)) {
  static const uint8_t two[] = {1, 3, 2, 0}, four[] = {5, 6, 10, 9};
  if (stepper->wires == WIRES_DRIVER) {
    write(stepper->pins[0], stepper->is_forward);
    write(stepper->pins[1], 1);
    /* A driver wants 2 us. */
    for (volatile uint8_t turn = 0; turn < 8; turn++);
    write(stepper->pins[1], 0);
  } else {
    stepper->phase = (uint8_t)(stepper->phase + (stepper->is_forward ? 1 : 3)) & 3;
    uint8_t levels = stepper->wires == WIRES_TWO ? two[stepper->phase] : four[stepper->phase];
    for (uint8_t i = 0; i < stepper->wires; i++) write(stepper->pins[i], (levels >> i) & 1);
  }
  stepper->taken++;
  if (--stepper->left > 0 && (stepper->rising > 0 || stepper->falling > 0))
    stepper->interval_us = stepper_interval(stepper);
}

#endif
