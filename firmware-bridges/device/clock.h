/* Milliseconds since the start, by timer 0, which counts to 256 at 4 us so that its pins can do PWM. */
#ifndef CLOCK_H
#define CLOCK_H

#include <avr/interrupt.h>
#include <avr/io.h>
#include <stdint.h>

static volatile uint32_t clock_ms;

/* 1.024 ms: what is left over of each adds up to one more of every 42. */
ISR(TIMER0_OVF_vect) {
  static uint16_t rest;
  uint32_t ms = clock_ms + 1;
  rest += 24;
  if (rest >= 1000) {
    rest -= 1000;
    ms++;
  }
  clock_ms = ms;
}

static inline void clock_start(void) {
  TCCR0A = _BV(WGM01) | _BV(WGM00);
  TCCR0B = _BV(CS01) | _BV(CS00);
  TIMSK0 = _BV(TOIE0);
}

static uint32_t now_ms(void) {
  uint8_t status = SREG;
  cli();
  uint32_t ms = clock_ms;
  SREG = status;
  return ms;
}

#endif
