// Methods that this page alone calls.
export {};

declare module '@/client/control-types' {
  interface ControlMethods {
    'chat.history': {
      params: { sessionKey: string; limit?: number };
      result: { sessionKey: string; sessionId?: string; messages: ChatMessage[]; thinkingLevel: string };
    };
    'chat.send': {
      params: {
        sessionKey: string;
        message: string;
        idempotencyKey: string;
        thinking?: string;
        attachments?: { type: string; mimeType: string; fileName: string; content: string }[];
      };
      result: { runId: string; status: string; summary?: string };
    };
    'chat.abort': { params: { sessionKey: string; runId?: string }; result: { ok: boolean; aborted: boolean } };
    'agent.wait': { params: { runId: string; timeoutMs?: number }; result: { runId: string; status: string } };
    'sessions.compact': { params: { key: string }; result: { ok: boolean; compacted: boolean } };
  }
}
