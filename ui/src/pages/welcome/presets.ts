/** A provider that can be chosen by name: its address, the protocol it speaks, and a model to begin with. */
export interface Preset {
  id: string;
  label: string;
  baseUrl: string;
  api: 'openai-completions' | 'openai-responses' | 'anthropic-messages' | 'google-generative-ai' | 'ollama';
  model: string;
  /** Where keys are made. */
  keys?: string;
  local?: boolean;
}

export const presets: readonly Preset[] = [
  preset(
    'openai',
    'OpenAI',
    'https://api.openai.com/v1',
    'openai-responses',
    'gpt-5-mini',
    'https://platform.openai.com/api-keys',
  ),
  preset(
    'anthropic',
    'Anthropic',
    'https://api.anthropic.com',
    'anthropic-messages',
    'claude-sonnet-4-5',
    'https://console.anthropic.com/settings/keys',
  ),
  preset(
    'google',
    'Google Gemini',
    'https://generativelanguage.googleapis.com/v1beta',
    'google-generative-ai',
    'gemini-2.5-flash',
    'https://aistudio.google.com/apikey',
  ),
  preset(
    'deepseek',
    'DeepSeek',
    'https://api.deepseek.com/v1',
    'openai-completions',
    'deepseek-chat',
    'https://platform.deepseek.com/api_keys',
  ),
  preset(
    'moonshot',
    'Moonshot (Kimi)',
    'https://api.moonshot.cn/v1',
    'openai-completions',
    '',
    'https://platform.moonshot.cn/console/api-keys',
  ),
  preset(
    'qwen',
    'Qwen (DashScope)',
    'https://dashscope.aliyuncs.com/compatible-mode/v1',
    'openai-completions',
    'qwen-plus',
    'https://bailian.console.aliyun.com/',
  ),
  preset(
    'zai',
    'Zhipu GLM',
    'https://open.bigmodel.cn/api/paas/v4',
    'openai-completions',
    '',
    'https://open.bigmodel.cn/usercenter/apikeys',
  ),
  preset(
    'siliconflow',
    'SiliconFlow',
    'https://api.siliconflow.cn/v1',
    'openai-completions',
    '',
    'https://cloud.siliconflow.cn/account/ak',
  ),
  preset(
    'openrouter',
    'OpenRouter',
    'https://openrouter.ai/api/v1',
    'openai-completions',
    '',
    'https://openrouter.ai/settings/keys',
  ),
  { ...preset('ollama', 'Ollama', 'http://127.0.0.1:11434', 'ollama', ''), local: true },
  { ...preset('lmstudio', 'LM Studio', 'http://127.0.0.1:1234/v1', 'openai-completions', ''), local: true },
  { ...preset('vllm', 'vLLM', 'http://127.0.0.1:8000/v1', 'openai-completions', ''), local: true },
];

function preset(id: string, label: string, baseUrl: string, api: Preset['api'], model: string, keys?: string): Preset {
  return { id, label, baseUrl, api, model, keys };
}

export interface ProviderConfig {
  baseUrl: string;
  api: Preset['api'];
  apiKey?: string;
  auth?: 'none';
}

/** What is written for a provider. Without a key none is sent: local servers mostly ask for none. */
export function configOf(baseUrl: string, api: Preset['api'], key: string): ProviderConfig {
  return { baseUrl: baseUrl.trim(), api, ...(key.trim() ? { apiKey: key.trim() } : { auth: 'none' as const }) };
}

/** A name for a provider at an address, of what a name may be made of. */
export function nameFor(address: string): string {
  try {
    const host = new URL(address).hostname.replace(/^(api|www)\./, '');
    return (host.split('.').length > 1 && !/^[\d.]+$/.test(host) ? (host.split('.')[0] ?? '') : host).replace(
      /[^a-z0-9-]/gi,
      '-',
    );
  } catch {
    return '';
  }
}
