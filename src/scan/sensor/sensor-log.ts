/** What a sensor writes down; pino's loggers are such logs. Constant messages, facts as fields, never a secret. */
export interface SensorLog {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
}

/** Keeps nothing. */
export const SILENT: SensorLog = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} };
