// Lets a test replace the timers, although the package takes them once, when it is loaded. Import this file first.

export const timers = { setTimeout, clearTimeout };

globalThis.setTimeout = (...args) => timers.setTimeout(...args);
globalThis.clearTimeout = (...args) => timers.clearTimeout(...args);
