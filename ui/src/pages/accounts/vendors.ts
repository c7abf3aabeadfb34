/** Vendors that need nothing but a key; their names are their own. `docs/accounts.md` */
export const vendors: readonly { id: string; name: string; local?: true }[] = [
  { id: 'openai', name: 'OpenAI' },
  { id: 'anthropic', name: 'Anthropic' },
  { id: 'google', name: 'Google Gemini' },
  { id: 'deepseek', name: 'DeepSeek' },
  { id: 'dashscope', name: '阿里云百炼 · DashScope' },
  { id: 'zhipu', name: '智谱 · BigModel' },
  { id: 'zai', name: 'Z.ai' },
  { id: 'moonshot', name: 'Moonshot · Kimi (cn)' },
  { id: 'moonshot-ai', name: 'Moonshot · Kimi' },
  { id: 'volcengine', name: '火山方舟 · Volcengine' },
  { id: 'siliconflow', name: '硅基流动 · SiliconFlow' },
  { id: 'openrouter', name: 'OpenRouter' },
  { id: 'mistral', name: 'Mistral' },
  { id: 'xai', name: 'xAI' },
  { id: 'groq', name: 'Groq' },
  { id: 'together', name: 'Together' },
  { id: 'fireworks', name: 'Fireworks' },
  { id: 'cerebras', name: 'Cerebras' },
  { id: 'nvidia', name: 'NVIDIA' },
];

/** Endpoints that anybody may run: they need an address. */
export const compatible = ['openai_compatible', 'anthropic_compatible', 'gemini_compatible'] as const;
