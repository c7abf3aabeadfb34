/** Addresses of vendors and of local servers, as their documentation has them. */
export interface Preset {
  id: string;
  name: string;
  baseUrl: string;
  api: string;
  local?: true;
}

export const presets: readonly Preset[] = [
  { id: 'ollama', name: 'Ollama', baseUrl: 'http://127.0.0.1:11434', api: 'ollama', local: true },
  { id: 'lmstudio', name: 'LM Studio', baseUrl: 'http://127.0.0.1:1234/v1', api: 'openai-completions', local: true },
  { id: 'vllm', name: 'vLLM', baseUrl: 'http://127.0.0.1:8000/v1', api: 'openai-completions', local: true },
  { id: 'llamacpp', name: 'llama.cpp', baseUrl: 'http://127.0.0.1:8080/v1', api: 'openai-completions', local: true },
  { id: 'openai', name: 'OpenAI', baseUrl: 'https://api.openai.com/v1', api: 'openai-completions' },
  { id: 'anthropic', name: 'Anthropic', baseUrl: 'https://api.anthropic.com', api: 'anthropic-messages' },
  {
    id: 'google',
    name: 'Google Gemini',
    baseUrl: 'https://generativelanguage.googleapis.com/v1beta',
    api: 'google-generative-ai',
  },
  { id: 'deepseek', name: 'DeepSeek', baseUrl: 'https://api.deepseek.com/v1', api: 'openai-completions' },
  {
    id: 'dashscope',
    name: '阿里云百炼 · DashScope',
    baseUrl: 'https://dashscope.aliyuncs.com/compatible-mode/v1',
    api: 'openai-completions',
  },
  { id: 'zhipu', name: '智谱 · BigModel', baseUrl: 'https://open.bigmodel.cn/api/paas/v4', api: 'openai-completions' },
  { id: 'zai', name: 'Z.ai', baseUrl: 'https://api.z.ai/api/paas/v4', api: 'openai-completions' },
  { id: 'moonshot', name: 'Moonshot · Kimi (cn)', baseUrl: 'https://api.moonshot.cn/v1', api: 'openai-completions' },
  { id: 'moonshot-ai', name: 'Moonshot · Kimi', baseUrl: 'https://api.moonshot.ai/v1', api: 'openai-completions' },
  {
    id: 'volcengine',
    name: '火山方舟 · Volcengine',
    baseUrl: 'https://ark.cn-beijing.volces.com/api/v3',
    api: 'openai-completions',
  },
  {
    id: 'siliconflow',
    name: '硅基流动 · SiliconFlow',
    baseUrl: 'https://api.siliconflow.cn/v1',
    api: 'openai-completions',
  },
  { id: 'openrouter', name: 'OpenRouter', baseUrl: 'https://openrouter.ai/api/v1', api: 'openai-completions' },
  { id: 'groq', name: 'Groq', baseUrl: 'https://api.groq.com/openai/v1', api: 'openai-completions' },
  { id: 'mistral', name: 'Mistral', baseUrl: 'https://api.mistral.ai/v1', api: 'openai-completions' },
  { id: 'xai', name: 'xAI', baseUrl: 'https://api.x.ai/v1', api: 'openai-completions' },
];

/** What a provider may speak; the names are the protocols' own. */
export const apis: Readonly<Record<string, string>> = {
  'openai-completions': 'OpenAI Chat Completions',
  'openai-responses': 'OpenAI Responses',
  'anthropic-messages': 'Anthropic Messages',
  'google-generative-ai': 'Google Gemini',
  ollama: 'Ollama',
};
