/* Uno and Nano: which channel is which pin. Outputs first in nothing: the order is the numbers of the channels. */
#define BOARD_NAME "uno"

/* Pins that are outputs, from the first instruction on, but for those that switch on and off: their level at rest is read
 * before they drive. What a port is after a reset is low. */
#define BOARD_EARLY()                                              \
  DDRD = _BV(3) | _BV(5) | _BV(6);                                 \
  DDRB = _BV(1) | _BV(2) | _BV(3)

#define BOARD_PWM_START()            \
  TCCR2A = _BV(WGM21) | _BV(WGM20);  \
  TCCR2B = _BV(CS22)

#define BOARD_CHANNELS                        \
  ANALOG("A0", 0), ANALOG("A1", 1), ANALOG("A2", 2), ANALOG("A3", 3), ANALOG("A4", 4), ANALOG("A5", 5), \
  SWITCH("D2", D, 2), SWITCH("D4", D, 4), SWITCH("D7", D, 7), SWITCH("D8", B, 0),                       \
  PWM("D3", D, 3, OCR2B, TCCR2A, COM2B1), PWM("D5", D, 5, OCR0B, TCCR0A, COM0B1),                       \
  PWM("D6", D, 6, OCR0A, TCCR0A, COM0A1), PWM("D11", B, 3, OCR2A, TCCR2A, COM2A1),                      \
  SERVO("D9", B, 1, 0), SERVO("D10", B, 2, 1),                                                          \
  ONOFF("D12", B, 4), ONOFF("D13", B, 5)
