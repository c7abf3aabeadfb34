const stamp = /^fault_report_(\d{4})(\d\d)(\d\d)_(\d\d)(\d\d)(\d\d)_/;

/** When that happened of which a report tells, in milliseconds: its name says it, in UTC. */
export function reportAt(name: string): number | undefined {
  const found = stamp.exec(name)?.slice(1).map(Number);
  if (!found) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found;
  return Date.UTC(year, month - 1, day, hour, minute, second);
}
