/* Which pin of the board is which of the chip, as the Arduino core has it. PWM leaves out the pins of timer 1, whose
 * business are servos. */
#include <avr/pgmspace.h>

#if defined(__AVR_ATmega2560__)
#define PINS 70
#define FIRST_ANALOG 54
#define ANALOGS 16
#define PIN_SDA 20
#define PIN_SCL 21
static const char pin_ports[] PROGMEM =
    "EEEEGEHHHHBBBBJJHHDDDDAAAAAAAACCCCCCCCDGGGLLLLLLLLBBBBFFFFFFFFKKKKKKKK";
static const char pin_bits[] PROGMEM =
    "0145533456456710103210012345677654321072107654321032100123456701234567";
#else
#define PINS 20
#define FIRST_ANALOG 14
#define ANALOGS 6
#define PIN_SDA 18
#define PIN_SCL 19
static const char pin_ports[] PROGMEM = "DDDDDDDDBBBBBBCCCCCC";
static const char pin_bits[] PROGMEM = "01234567012345012345";
#endif

#define FIRST_PIN 2 /* 0 and 1 are the serial line */

static volatile uint8_t *port_of(uint8_t pin) {
  switch (pgm_read_byte(&pin_ports[pin])) {
#if defined(__AVR_ATmega2560__)
    case 'A': return &PORTA;
    case 'E': return &PORTE;
    case 'F': return &PORTF;
    case 'G': return &PORTG;
    case 'H': return &PORTH;
    case 'J': return &PORTJ;
    case 'K': return &PORTK;
    case 'L': return &PORTL;
#endif
    case 'B': return &PORTB;
    case 'C': return &PORTC;
    default: return &PORTD;
  }
}

static uint8_t mask_of(uint8_t pin) { return (uint8_t)(1 << (pgm_read_byte(&pin_bits[pin]) - '0')); }

struct pwm {
  uint8_t pin;
  volatile uint8_t *level, *control;
  uint8_t connect;
};

static const struct pwm pwms[] PROGMEM = {
#if defined(__AVR_ATmega2560__)
    {2, &OCR3BL, &TCCR3A, _BV(COM3B1)}, {5, &OCR3AL, &TCCR3A, _BV(COM3A1)}, {6, &OCR4AL, &TCCR4A, _BV(COM4A1)},
    {7, &OCR4BL, &TCCR4A, _BV(COM4B1)}, {9, &OCR2B, &TCCR2A, _BV(COM2B1)},  {10, &OCR2A, &TCCR2A, _BV(COM2A1)},
    {4, &OCR0B, &TCCR0A, _BV(COM0B1)},  {13, &OCR0A, &TCCR0A, _BV(COM0A1)},
#else
    {3, &OCR2B, &TCCR2A, _BV(COM2B1)}, {5, &OCR0B, &TCCR0A, _BV(COM0B1)},
    {6, &OCR0A, &TCCR0A, _BV(COM0A1)}, {11, &OCR2A, &TCCR2A, _BV(COM2A1)},
#endif
};
#define PWMS ((uint8_t)(sizeof pwms / sizeof pwms[0]))

static void pwm_start(void) {
  TCCR2A = _BV(WGM21) | _BV(WGM20);
  TCCR2B = _BV(CS22);
#if defined(__AVR_ATmega2560__)
  TCCR3A = _BV(WGM30);
  TCCR3B = _BV(WGM32) | _BV(CS31) | _BV(CS30);
  TCCR4A = _BV(WGM40);
  TCCR4B = _BV(WGM42) | _BV(CS41) | _BV(CS40);
#endif
}
