import type { Attachment } from './attachments';
import type { Entry } from './transcript';

/** A conversation, whoever is on the other side. */
export interface Conversation {
  entries: readonly Entry[];
  running: boolean;
  waiting: boolean;
  loading: boolean;
  error?: Error;
  retry(): void;
  send(text: string, files: readonly Attachment[]): Promise<void>;
  stop(): Promise<void>;
}
