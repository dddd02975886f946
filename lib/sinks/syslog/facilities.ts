/**
 * Facilities of syslog: RFC 5424 §6.2.1, by the names that daemons give them.
 * @module
 */

/** Codes by name; those that a sensor may well speak as. */
export const FACILITIES = {
  user: 1,
  daemon: 3,
  auth: 4,
  syslog: 5,
  authpriv: 10,
  audit: 13,
  alert: 14,
  local0: 16,
  local1: 17,
  local2: 18,
  local3: 19,
  local4: 20,
  local5: 21,
  local6: 22,
  local7: 23,
} as const;

/** Name of a facility. */
export type Facility = keyof typeof FACILITIES;
