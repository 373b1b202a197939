/** Thrown by a row for which this machine lacks something. */
export class Skipped extends Error {}
